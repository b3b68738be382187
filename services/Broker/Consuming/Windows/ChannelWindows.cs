using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Webhooks.Broker.Consuming.Windows;

/// <summary>The windows of one channel, one after the other, for as long as its messages are wanted and there is no reason for another channel.</summary>
internal sealed class ChannelWindows
{
    // How soon it is seen that there is room again.
    private static readonly TimeSpan RoomCheck = TimeSpan.FromMilliseconds(100);

    private readonly ConsumerParts _parts;
    private readonly IChannel _channel;
    private readonly AckWriter _acks;
    private readonly WindowSizes _sizes;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ConsumerWindow? _present;

    /// <param name="parts">The consumer's.</param>
    /// <param name="channel">Consumed over by nobody else.</param>
    /// <param name="acks">The channel's.</param>
    /// <param name="sizes">The channel's.</param>
    public ChannelWindows(ConsumerParts parts, IChannel channel, AckWriter acks, WindowSizes sizes)
    {
        (_parts, _channel, _acks, _sizes) = (parts, channel, acks, sizes);
        channel.ChannelShutdownAsync += (_, _) =>
        {
            _closed.TrySetResult();
            return Task.CompletedTask;
        };
    }

    /// <summary>As in <see cref="QueueConsumer.Free"/>.</summary>
    // From before the broker has said that it begins: all that it has for us may have come by then, and be held for long.
    public int? Free => _present?.Free;

    /// <summary>True while the broker hands messages over.</summary>
    public bool IsConsuming { get; private set; }

    /// <summary>The channel has been there, and its queue: the broker handed messages over, or would have if they had been wanted.</summary>
    public bool HaveBegun { get; private set; }

    /// <summary>When they were over, by the clock's timestamps; 0: they are not.</summary>
    public long OverAt { get; private set; }

    /// <summary>They have ended because nothing had come for too long.</summary>
    public bool AreSilent { get; private set; }

    /// <summary>As in <see cref="QueueConsumer.Renew"/>.</summary>
    public void Renew(ushort messages) => _present?.EndFor(messages);

    /// <summary>Returns when another channel is due: in order after each window, else after silence.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            await FollowAsync(stop);
        }
        finally
        {
            (IsConsuming, OverAt) = (false, _parts.Clock.GetTimestamp());
        }
    }

    private async Task FollowAsync(CancellationToken stop)
    {
        var messages = _sizes.First();
        while (_channel.IsOpen)
        {
            var isWanted = _parts.Pauses.IsWanted(out var changed);
            if (!isWanted || messages == 0)
            {
                messages = await WaitForRoomAsync(isWanted, changed, stop);
                continue;
            }

            var (window, tag) = await BeginAsync(messages, stop);
            await LastAsync(window, messages, changed, stop);
            messages = window.Next ?? _sizes.First();
            // Between two windows is no time in which the broker would have nothing for us.
            IsConsuming = window.Next is not null;
            if (_channel.IsOpen && (_parts.Queue.InOrder || AreSilent))
            {
                stop.ThrowIfCancellationRequested();
                return;
            }

            if (_channel.IsOpen)
            {
                await _channel.BasicCancelAsync(tag, cancellationToken: CancellationToken.None);
            }

            stop.ThrowIfCancellationRequested();
        }

        throw new AlreadyClosedException(_channel.CloseReason!);
    }

    private async Task<ushort> WaitForRoomAsync(bool isWanted, Task changed, CancellationToken stop)
    {
        (IsConsuming, HaveBegun) = (false, true);
        await Task.WhenAny(changed, _closed.Task, Task.Delay(RoomCheck, _parts.Clock)).WaitAsync(stop);
        // The end of a pause makes no room: a database that answers and refuses brings one every second.
        if (!isWanted)
        {
            _sizes.Reset();
        }

        return _sizes.First();
    }

    private async Task<(ConsumerWindow Window, string Tag)> BeginAsync(ushort messages, CancellationToken stop)
    {
        // It holds for consumers that begin later, on this channel.
        await _channel.BasicQosAsync(prefetchSize: 0, messages, global: false, CancellationToken.None).WaitAsync(stop);
        _sizes.Reset();
        var window = _present = new ConsumerWindow(messages, _acks);
        var receiver = new MessageReceiver(_channel, _parts.Queue.Name, window, _parts.Received);
        var tag = await _channel.BasicConsumeAsync(_parts.Queue.Name, autoAck: false, receiver, CancellationToken.None).WaitAsync(stop);
        (IsConsuming, HaveBegun) = (true, true);
        return (window, tag);
    }

    /// <summary>Lets a window last until something ends it, or until it has been silent for too long.</summary>
    private async Task LastAsync(ConsumerWindow window, ushort messages, Task changed, CancellationToken stop)
    {
        using var stopping = stop.Register(static source => ((ConsumerWindow)source!).End(), window);
        var end = Task.WhenAny(changed, _closed.Task, window.Ended);
        var silence = new ChannelSilence(_parts.Clock);
        while (!(AreSilent = silence.IsTooLong(_parts.Received.Count, _acks.InHand)))
        {
            await Task.WhenAny(end, Task.Delay(ChannelSilence.Interval, _parts.Clock));
            if (end.IsCompleted)
            {
                break;
            }

            if (_sizes.Instead(messages) is { } others)
            {
                window.EndFor(others);
            }
        }

        window.End();
    }
}
