namespace Webhooks.CallbackIngest.Limits;

/// <summary>The new keys of one tenant and system in the last minute.</summary>
/// <param name="limit">How many there may be; 0: any number.</param>
/// <param name="count">How many there are, counted up to the limit.</param>
/// <param name="oldest">The first of those counted: when it leaves the minute there is room again.</param>
internal sealed class MinuteWindow(int limit, int count, DateTimeOffset? oldest)
{
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(1);

    private int _count = count;

    public bool IsFull => limit > 0 && _count >= limit;

    /// <summary>One more new key, now.</summary>
    public void Add() => _count++;

    /// <summary>How long a caller should wait.</summary>
    public TimeSpan RoomAfter(DateTimeOffset now)
    {
        var wait = (oldest ?? now) + Length - now;
        return wait < ShortestWait ? ShortestWait : wait > Length ? Length : wait;
    }
}
