using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Webhooks.Broker.Connections;

namespace Webhooks.Broker.Consuming;

/// <summary>
/// Consumes one queue on a channel of its own, again after every loss, into a reader. It can be paused: the broker then
/// hands over nothing more, while what is in hand stays in hand (never a nack). From a queue that is consumed in order it
/// goes back, with the channel: a consumer that is only canceled keeps what it has while the next one is handed what comes
/// after, and what is on its way at that moment returns in no order at all. And it can begin a new window: the broker then
/// hands over so many more, whatever is in hand. A channel that is silent for long is given up for another one.
/// </summary>
public sealed partial class QueueConsumer(
    BrokerConnection connection, ConsumedQueue queue, Func<IChannel, Task> declare, TimeProvider clock, ILogger<QueueConsumer> logger)
{
    // How soon it is seen that there is room again.
    private static readonly TimeSpan RoomCheck = TimeSpan.FromMilliseconds(100);

    // What hangs must not keep us from the queue for ever.
    private static readonly TimeSpan LongestParting = TimeSpan.FromSeconds(10);

    private readonly Channel<ReceivedMessage> _received = Channel.CreateUnbounded<ReceivedMessage>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Caution _caution = new(queue);
    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _wanted = true;
    private long _receivedCount;
    private long _openedAt;
    private bool _isSilent;
    private IChannel? _channel;
    private AckWriter? _acks;
    private volatile ConsumerWindow? _window;

    public string Queue => queue.Name;

    /// <summary>
    /// How many messages a channel, and what follows a pause, begins with; 0: nothing is consumed until there is room. Unless whoever
    /// holds them knows better, the queue's prefetch, less what is still in hand.
    /// </summary>
    public Func<ushort>? FirstWindow { private get; set; }

    /// <summary>How many more messages the broker would hand over before one is acknowledged; null: it hands over none at present.</summary>
    // From before the broker has said that it begins: all that it has for us may have come by then, and be held for long.
    public int? Free => _window?.Free;

    /// <summary>How many messages were ever handed over.</summary>
    public long ReceivedCount => Interlocked.Read(ref _receivedCount);

    /// <summary>What has been handed over, in order; never more than the window has room for.</summary>
    public ChannelReader<ReceivedMessage> Received => _received.Reader;

    /// <summary>True while the broker hands messages to us.</summary>
    public bool IsConsuming { get; private set; }

    /// <summary>How long the present channel has been there; zero while the broker hands us nothing.</summary>
    public TimeSpan OpenFor => IsConsuming ? clock.GetElapsedTime(Interlocked.Read(ref _openedAt)) : TimeSpan.Zero;

    /// <summary>Puts a message in hand behind those that wait to be read.</summary>
    public void TakeAgain(ReceivedMessage message) => _received.Writer.TryWrite(message);

    public void Pause() => Want(false);

    public void Resume() => Want(true);

    /// <summary>
    /// Has the broker hand over so many messages beside those that are in hand, which stay there: an ack of theirs brings no
    /// other. A broker cannot be told what else would make a window wider or narrower. What is on its way at that moment goes
    /// back to the queue and comes again, flagged redelivered.
    /// </summary>
    public void Renew(ushort messages)
    {
        if (!_caution.IsOn)
        {
            _window?.EndFor(messages);
        }
    }

    /// <summary>Consumes until stopped. What is in hand then stays unacknowledged until it is acknowledged or the connection ends.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                await ConsumeAgainAsync(stop);
            }
        }
        finally
        {
            // Also after a fault that another channel does not cure: whoever reads ends with us, and is seen to.
            _received.Writer.TryComplete();
        }
    }

    /// <summary>Writes what has been acknowledged; before the connection is closed.</summary>
    public Task FlushAcksAsync() => _acks?.FlushAsync() ?? Task.CompletedTask;

    /// <summary>The same, and what is in hand goes back to the queue, where it stood.</summary>
    public async Task GiveBackAsync()
    {
        if (_channel is { IsOpen: true } channel)
        {
            await FlushAcksAsync().WaitAsync(LongestParting, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await channel.AbortAsync().WaitAsync(LongestParting, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ConsumeAgainAsync(CancellationToken stop)
    {
        try
        {
            await ConsumeAsync(stop);
            IsConsuming = false;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            IsConsuming = false;
        }
        catch (Exception fault) when (BrokerFault.IsOurs(fault))
        {
            IsConsuming = false;
            await PauseAfterAsync(fault, stop);
        }
    }

    private async Task PauseAfterAsync(Exception fault, CancellationToken stop)
    {
        var loss = BrokerFault.IsUnreadable(fault) ? ChannelLoss.Unreadable
            : _acks is { IsInVain: true } ? ChannelLoss.InVain
            : ChannelLoss.AfterWork;
        var level = loss is not ChannelLoss.Unreadable ? LogLevel.Warning : LogLevel.Error;
        var pause = _caution.After(loss, ReceivedCount);
        var how = _caution.IsOn ? ", with one message at a time at first" : "";
        Log.Interrupted(logger, _caution.IsNews(loss) ? level : LogLevel.Debug, connection.Describe(fault), Queue, pause.TotalSeconds, how);
        await Task.Delay(pause, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ConsumeAsync(CancellationToken stop)
    {
        _acks = null;
        var open = await connection.OpenAsync(stop);
        var channel = _channel = await open.CreateChannelAsync(cancellationToken: CancellationToken.None).OrUntil(stop);
        try
        {
            await ConsumeAsync(channel, stop);
        }
        finally
        {
            // Also after a fault: a consumer that we know nothing of any more would stay the active one, or hold messages that
            // nobody works on. When stopping, acks of what is in hand are still to come.
            if (!stop.IsCancellationRequested)
            {
                await GiveBackAsync();
            }
        }
    }

    private async Task ConsumeAsync(IChannel channel, CancellationToken stop)
    {
        var acks = _acks = new AckWriter(channel, clock, logger);
        if (!_isSilent)
        {
            await declare(channel);
            Interlocked.Exchange(ref _openedAt, clock.GetTimestamp());
        }

        _isSilent = false;
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        channel.ChannelShutdownAsync += (_, _) =>
        {
            closed.TrySetResult();
            return Task.CompletedTask;
        };

        var room = new WindowRoom(queue.Prefetch, clock);
        var messages = First(room, acks);
        while (channel.IsOpen)
        {
            // The end of a pause makes no room: a database that answers and refuses brings one every second.
            var isWanted = IsWanted(out var changed);
            if (!isWanted || messages == 0)
            {
                IsConsuming = false;
                await Task.WhenAny(changed, closed.Task, Task.Delay(RoomCheck, clock)).WaitAsync(stop);
                if (!isWanted)
                {
                    room.Reset();
                }

                messages = First(room, acks);
                continue;
            }

            // It holds for consumers that begin later, on this channel.
            await channel.BasicQosAsync(prefetchSize: 0, messages, global: false, CancellationToken.None).WaitAsync(stop);
            room.Reset();
            var window = _window = new ConsumerWindow(messages, acks);
            var tag = await channel.BasicConsumeAsync(Queue, autoAck: false, new Receiver(this, channel, window), CancellationToken.None).WaitAsync(stop);
            IsConsuming = true;
            using var stopping = stop.Register(static source => ((ConsumerWindow)source!).End(), window);
            _isSilent = await IsSilentAsync(Task.WhenAny(changed, closed.Task, window.Ended), acks, () => Widen(window, messages, room, acks));
            window.End();
            messages = window.Next ?? First(room, acks);
            // Between two windows is no time in which the broker would have nothing for us.
            IsConsuming = window.Next is not null;
            if (channel.IsOpen && (queue.InOrder || _isSilent))
            {
                stop.ThrowIfCancellationRequested();
                return;
            }

            if (channel.IsOpen)
            {
                await channel.BasicCancelAsync(tag, cancellationToken: CancellationToken.None);
            }

            stop.ThrowIfCancellationRequested();
        }

        throw new AlreadyClosedException(channel.CloseReason!);
    }

    private ushort First(WindowRoom room, AckWriter acks) => _caution.Of(FirstWindow is { } first ? first() : room.First(acks.InHand));

    private void Widen(ConsumerWindow window, ushort present, WindowRoom room, AckWriter acks)
    {
        var wasCareful = _caution.IsOn;
        _caution.GoWell(ReceivedCount, acks.HasWorked);
        if (wasCareful)
        {
            if (First(room, acks) is var more && more > present)
            {
                window.EndFor(more);
            }
        }
        else if (FirstWindow is null && room.Wider(present, acks.InHand) is { } wider)
        {
            window.EndFor(wider);
        }
    }

    /// <summary>
    /// True when nothing was handed over for too long and nothing is in hand; false when <paramref name="end"/> came before. Meanwhile it
    /// has a <paramref name="look"/> from time to time.
    /// </summary>
    private async Task<bool> IsSilentAsync(Task end, AckWriter acks, Action look)
    {
        var silence = new ChannelSilence(clock);
        while (!silence.IsTooLong(ReceivedCount, acks.InHand))
        {
            await Task.WhenAny(end, Task.Delay(ChannelSilence.Interval, clock));
            if (end.IsCompleted)
            {
                return false;
            }

            look();
        }

        return true;
    }

    private bool IsWanted(out Task changed)
    {
        lock (_lock)
        {
            changed = _changed.Task;
            return _wanted;
        }
    }

    private void Want(bool wanted)
    {
        lock (_lock)
        {
            if (_wanted != wanted)
            {
                _wanted = wanted;
                var before = _changed;
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                before.TrySetResult();
            }
        }
    }

    /// <summary>Copies each message out of the client's buffer, which is only ours during the call.</summary>
    private sealed class Receiver(QueueConsumer consumer, IChannel channel, ConsumerWindow window)
        : AsyncDefaultBasicConsumer(channel)
    {
        public override Task HandleBasicDeliverAsync(
            string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey,
            IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
        {
            // Properties are a view of the same buffer in this client: only a copy outlives the call.
            Interlocked.Increment(ref consumer._receivedCount);
            window.Took();
            consumer._received.Writer.TryWrite(new ReceivedMessage(window, deliveryTag, consumer.Queue, redelivered, new BasicProperties(properties), body.ToArray()));
            return Task.CompletedTask;
        }

        /// <summary>The broker ended the consumer, for example because its queue was deleted: start over.</summary>
        public override Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
        {
            window.End();
            return base.HandleBasicCancelAsync(consumerTag, cancellationToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1, Message = "{Reason}; consuming {Queue} starts again in {Seconds} s{How}")]
        public static partial void Interrupted(ILogger logger, LogLevel level, string reason, string queue, double seconds, string how);
    }
}
