namespace Webhooks.Broker.Consuming;

/// <summary>
/// Decides, from one look to the next, whether a channel has been silent for so long that another one should be tried. A
/// channel of RabbitMQ 3.10 whose queue was deleted, and was there again before the channel had heard of it, takes the new one's
/// messages and hands none over (decision 0027). It cannot be told from one that has nothing to hand over, and another one costs
/// a few commands.
/// </summary>
internal sealed class ChannelSilence(TimeProvider clock)
{
    /// <summary>How often one looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>How long nothing must come.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private long _received = -1;
    private long _since;

    /// <param name="received">How many messages were ever handed over.</param>
    /// <param name="inHand">How many of the channel's were not acknowledged yet: they would come twice.</param>
    public bool IsTooLong(long received, int inHand)
    {
        if (inHand > 0 || received != _received)
        {
            (_received, _since) = (received, clock.GetTimestamp());
        }

        return clock.GetElapsedTime(_since) >= Longest;
    }
}
