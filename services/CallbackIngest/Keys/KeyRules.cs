using Webhooks.CallbackIngest.Limits;

namespace Webhooks.CallbackIngest.Keys;

/// <summary>Decides what a key says to a callback. Pure: no clock, no database.</summary>
internal static class KeyRules
{
    // A request is answered within seconds: it makes no sense to send a caller away for the whole of a lease.
    private static readonly TimeSpan SoonEnough = TimeSpan.FromSeconds(1);

    /// <summary>Null: the key is free, and the callback may have it.</summary>
    /// <param name="row">What is stored; null: a new key.</param>
    /// <param name="fingerprint">The callback's content.</param>
    /// <param name="now">By the database's clock, as the lease is.</param>
    /// <param name="window">The new keys of the last minute.</param>
    public static KeyOutcome? Decide(KeyRow? row, ReadOnlySpan<byte> fingerprint, DateTimeOffset now, MinuteWindow window) => row switch
    {
        null => window.IsFull ? new KeyOutcome.Limited(window.RoomAfter(now)) : null,
        _ when !fingerprint.SequenceEqual(row.Fingerprint) => new KeyOutcome.Reused(),
        { Status: KeyRow.Failed } => null,
        { Status: KeyRow.Reserved } => row.LeaseUntil <= now ? null : new KeyOutcome.InProgress(SoonEnough),
        _ => new KeyOutcome.Replayed(),
    };
}
