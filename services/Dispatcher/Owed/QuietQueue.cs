namespace Webhooks.Dispatcher.Owed;

/// <summary>What is seen of a consumer at one moment.</summary>
/// <param name="IsConsuming">The broker hands messages to it.</param>
/// <param name="IsFull">As much as it may hold is in hand.</param>
/// <param name="HasUnread">Messages wait to be looked at.</param>
/// <param name="HasFinished">Some ended since the last look.</param>
/// <param name="Received">How many it was ever handed.</param>
internal readonly record struct ConsumerSight(bool IsConsuming, bool IsFull, bool HasUnread, bool HasFinished, long Received);

/// <summary>
/// Decides, from one look to the next, whether a queue may be empty: its consumer could have got something for a while and
/// got nothing. Only then is the broker asked. A process that was stopped itself has seen nothing, and starts over.
/// </summary>
internal sealed class QuietQueue
{
    /// <summary>How often one looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>How long nothing must have come. No message is on its way from the broker to us for so long.</summary>
    public static readonly TimeSpan Enough = TimeSpan.FromSeconds(2);

    private TimeSpan _quiet;
    private long _received;

    /// <param name="sight">What is seen now.</param>
    /// <param name="sinceLast">The time since the last look.</param>
    public bool MayBeEmpty(ConsumerSight sight, TimeSpan sinceLast)
    {
        var could = sight is { IsConsuming: true, IsFull: false, HasUnread: false, HasFinished: false } && sight.Received == _received;
        _received = sight.Received;
        _quiet = could && sinceLast < 2 * Interval ? _quiet + sinceLast : TimeSpan.Zero;
        return _quiet >= Enough;
    }
}
