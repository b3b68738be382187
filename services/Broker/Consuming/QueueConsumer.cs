using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Webhooks.Broker.Connections;
using Webhooks.Broker.Consuming.Windows;

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
    private readonly ConsumerParts _parts = new(queue, new ReceivedMessages(), new PauseSwitch(), new Caution(queue), clock, logger);
    private long _openedAt;

    // When the last channel ended that was served, or the consuming began; 0: nothing is consumed.
    private long _cutOffAt;

    // When messages were wanted again after a pause: nothing was missed in it.
    private long _wantedAt;

    // The last one there was, until there is another.
    private volatile ConsumerSession? _session;

    public string Queue => queue.Name;

    /// <summary>
    /// How many messages a channel, and what follows a pause, begins with; 0: nothing is consumed until there is room. Unless whoever
    /// holds them knows better, the queue's prefetch, less what is still in hand.
    /// </summary>
    public Func<ushort>? FirstWindow { private get; set; }

    /// <summary>How many more messages the broker would hand over before one is acknowledged; null: it hands over none at present.</summary>
    public int? Free => _session?.Windows.Free;

    /// <summary>How many messages were ever handed over.</summary>
    public long ReceivedCount => _parts.Received.Count;

    /// <summary>What has been handed over, in order; never more than the window has room for.</summary>
    public ChannelReader<ReceivedMessage> Received => _parts.Received.Reader;

    /// <summary>True while the broker hands messages to us.</summary>
    public bool IsConsuming => _session is { Windows.IsConsuming: true };

    /// <summary>How long the present channel has been there; zero while the broker hands us nothing.</summary>
    public TimeSpan OpenFor => IsConsuming ? clock.GetElapsedTime(Interlocked.Read(ref _openedAt)) : TimeSpan.Zero;

    /// <summary>How long messages have been wanted without a channel over which they could come; zero while there is one, or none are wanted.</summary>
    public TimeSpan CutOffFor
    {
        get
        {
            var cutOffAt = Interlocked.Read(ref _cutOffAt);
            if (cutOffAt == 0 || !_parts.Pauses.IsWanted(out _))
            {
                return TimeSpan.Zero;
            }

            // A channel's end takes a while, with acks to be written: the time counts from when it began.
            var since = _session is { Windows: { HaveBegun: true } windows } ? windows.OverAt : cutOffAt;
            return since == 0 ? TimeSpan.Zero : clock.GetElapsedTime(Math.Max(since, Interlocked.Read(ref _wantedAt)));
        }
    }

    /// <summary>Puts a message in hand behind those that wait to be read.</summary>
    public void TakeAgain(ReceivedMessage message) => _parts.Received.Add(message);

    public void Pause() => _parts.Pauses.Want(false);

    public void Resume()
    {
        Interlocked.Exchange(ref _wantedAt, clock.GetTimestamp());
        _parts.Pauses.Want(true);
    }

    /// <summary>
    /// Has the broker hand over so many messages beside those that are in hand, which stay there: an ack of theirs brings no
    /// other. A broker cannot be told what else would make a window wider or narrower. What is on its way at that moment goes
    /// back to the queue and comes again, flagged redelivered.
    /// </summary>
    public void Renew(ushort messages)
    {
        if (!_parts.Caution.IsOn)
        {
            _session?.Windows.Renew(messages);
        }
    }

    /// <summary>Consumes until stopped. What is in hand then stays unacknowledged until it is acknowledged or the connection ends.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        Interlocked.Exchange(ref _cutOffAt, clock.GetTimestamp());
        try
        {
            while (!stop.IsCancellationRequested)
            {
                await ConsumeAgainAsync(stop);
            }
        }
        finally
        {
            Interlocked.Exchange(ref _cutOffAt, 0);
            // Also after a fault that another channel does not cure: whoever reads ends with us, and is seen to.
            _parts.Received.Complete();
        }
    }

    /// <summary>Writes what has been acknowledged; before the connection is closed.</summary>
    public Task FlushAcksAsync() => _session?.FlushAcksAsync() ?? Task.CompletedTask;

    /// <summary>The same, and what is in hand goes back to the queue, where it stood.</summary>
    public Task GiveBackAsync() => _session?.GiveBackAsync() ?? Task.CompletedTask;

    private async Task ConsumeAgainAsync(CancellationToken stop)
    {
        ConsumerSession? session = null;
        try
        {
            // Another channel instead of a silent one is nothing new: nothing is declared, and it has been there all the time.
            Func<IChannel, Task> prepare = _session is { Windows.AreSilent: true } ? _ => Task.CompletedTask : DeclareAsync;
            session = await OpenAsync(stop);
            try
            {
                await session.RunAsync(prepare, stop);
            }
            finally
            {
                if (session.Windows.HaveBegun)
                {
                    Interlocked.Exchange(ref _cutOffAt, session.Windows.OverAt);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What is in hand is not given back.
        }
        catch (Exception fault) when (BrokerFault.IsOurs(fault))
        {
            await PauseAfterAsync(fault, session is { IsInVain: true }, stop);
        }
    }

    private async Task<ConsumerSession> OpenAsync(CancellationToken stop)
    {
        var open = await connection.OpenAsync(stop);
        var channel = await open.CreateChannelAsync(cancellationToken: CancellationToken.None).OrUntil(stop);
        // Before anything is awaited on its channel: whoever gives back by then has to find it.
        return _session = new ConsumerSession(_parts, channel, FirstWindow);
    }

    private async Task DeclareAsync(IChannel channel)
    {
        await declare(channel);
        Interlocked.Exchange(ref _openedAt, clock.GetTimestamp());
    }

    private async Task PauseAfterAsync(Exception fault, bool isInVain, CancellationToken stop)
    {
        var loss = BrokerFault.IsUnreadable(fault) ? ChannelLoss.Unreadable
            : isInVain ? ChannelLoss.InVain
            : ChannelLoss.AfterWork;
        var level = loss is not ChannelLoss.Unreadable ? LogLevel.Warning : LogLevel.Error;
        var pause = _parts.Caution.After(loss, ReceivedCount);
        var how = _parts.Caution.IsOn ? ", with one message at a time at first" : "";
        Log.Interrupted(logger, _parts.Caution.IsNews(loss) ? level : LogLevel.Debug, connection.Describe(fault), Queue, pause.TotalSeconds, how);
        await Task.Delay(pause, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1, Message = "{Reason}; consuming {Queue} starts again in {Seconds} s{How}")]
        public static partial void Interrupted(ILogger logger, LogLevel level, string reason, string queue, double seconds, string how);
    }
}
