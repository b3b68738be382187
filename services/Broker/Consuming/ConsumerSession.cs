using RabbitMQ.Client;
using Webhooks.Broker.Consuming.Windows;

namespace Webhooks.Broker.Consuming;

/// <summary>One channel of a consumer, from its beginning to its end, with which what is in hand goes back to the queue.</summary>
internal sealed class ConsumerSession
{
    // What hangs must not keep us from the queue for ever.
    private static readonly TimeSpan LongestParting = TimeSpan.FromSeconds(10);

    private readonly IChannel _channel;
    private readonly AckWriter _acks;
    private readonly TimeProvider _clock;

    /// <param name="parts">The consumer's.</param>
    /// <param name="channel">New, and nobody else's.</param>
    /// <param name="firstWindow">As in <see cref="QueueConsumer.FirstWindow"/>.</param>
    public ConsumerSession(ConsumerParts parts, IChannel channel, Func<ushort>? firstWindow)
    {
        (_channel, _acks, _clock) = (channel, new AckWriter(channel, parts.Clock, parts.Logger), parts.Clock);
        Windows = new ChannelWindows(parts, channel, _acks, new WindowSizes(parts, firstWindow, _acks));
    }

    public ChannelWindows Windows { get; }

    /// <summary>Messages have come, and none was acknowledged.</summary>
    public bool IsInVain => _acks.IsInVain;

    /// <summary>Consumes until stopped, or until there is reason for another channel.</summary>
    /// <param name="prepare">Runs first.</param>
    /// <param name="stop">What is in hand then is not given back: its acks are still to come.</param>
    public async Task RunAsync(Func<IChannel, Task> prepare, CancellationToken stop)
    {
        try
        {
            // Not only the broker may be waited for in there.
            await prepare(_channel).WaitAsync(stop);
            await Windows.RunAsync(stop);
        }
        finally
        {
            // Also after a fault: a consumer that we know nothing of any more would stay the active one, or hold messages that
            // nobody works on.
            if (!stop.IsCancellationRequested)
            {
                await GiveBackAsync();
            }
        }
    }

    /// <summary>
    /// Writes what has been acknowledged. Over a channel that is lost nothing can be written, and nobody waits for that, nor for long for
    /// a broker that takes nothing: the messages come again.
    /// </summary>
    public async Task FlushAcksAsync()
    {
        if (!_acks.IsLost)
        {
            await _acks.FlushAsync().WaitAsync(LongestParting, _clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The same, and what is in hand goes back to the queue, where it stood.</summary>
    public async Task GiveBackAsync()
    {
        if (_channel.IsOpen)
        {
            await FlushAcksAsync();
            await _channel.AbortAsync().WaitAsync(LongestParting, _clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
