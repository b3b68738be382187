using Webhooks.CallbackIngest.Limits;

namespace Webhooks.CallbackIngest.Keys;

/// <summary>Decides what a key says to whoever sends it. Pure: no clock, no database.</summary>
internal static class KeyRules
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(1);

    /// <summary>What it says to a callback. Null: the key is free, and the callback may have it.</summary>
    /// <param name="row">What is stored; null: a new key.</param>
    /// <param name="told">
    /// What was told of under the key. The same content may still become a command: its source's mapping was mended since.
    /// </param>
    /// <param name="fingerprint">The callback's content.</param>
    /// <param name="webhookAbout">What a source's webhook is about; null: it is a caller's of the API.</param>
    /// <param name="now">By the database's clock, as the lease is.</param>
    /// <param name="window">The new keys of the last minute.</param>
    public static KeyOutcome? Decide(
        KeyRow? row, ToldRow? told, ReadOnlySpan<byte> fingerprint, string? webhookAbout, DateTimeOffset now, MinuteWindow window)
    {
        if (told is not null && !told.IsOf(fingerprint))
        {
            return new KeyOutcome.Reused();
        }

        // A caller of the API who gives one key to two contents has made a mistake, and hears of it. Some senders of webhooks spell what they
        // try again otherwise: until it was carried out, that is no other.
        return row is null ? IfRoom(window, now) : OfRow(row, fingerprint, mayDiffer: row.SubjectId == webhookAbout, now);
    }

    /// <summary>What it says to a webhook that is no command. Null: it is to be told of.</summary>
    public static KeyOutcome? DecideUncommanded(KeyRow? row, ToldRow? told, ReadOnlySpan<byte> fingerprint, DateTimeOffset now, MinuteWindow window)
    {
        // The same content may have been a command when its source was set otherwise; what failed is none.
        if (row is not null && OfRow(row, fingerprint, mayDiffer: true, now) is { } said)
        {
            return said;
        }

        return told is null ? IfRoom(window, now) : told.IsOf(fingerprint) ? new KeyOutcome.Told(Before: true) : new KeyOutcome.Reused();
    }

    private static KeyOutcome? OfRow(KeyRow row, ReadOnlySpan<byte> fingerprint, bool mayDiffer, DateTimeOffset now)
    {
        var isSame = fingerprint.SequenceEqual(row.Fingerprint);
        return row.Status switch
        {
            _ when !isSame && !mayDiffer => new KeyOutcome.Reused(),
            KeyRow.Failed => null,
            KeyRow.Reserved => row.LeaseUntil <= now ? null : new KeyOutcome.InProgress(Left(row.LeaseUntil, now)),
            _ => isSame ? new KeyOutcome.Replayed() : new KeyOutcome.Reused(),
        };
    }

    private static KeyOutcome.Limited? IfRoom(MinuteWindow window, DateTimeOffset now) => window.IsFull ? new KeyOutcome.Limited(window.RoomAfter(now)) : null;

    // Most are done much sooner, but this is when it is certain.
    private static TimeSpan Left(DateTimeOffset? leaseUntil, DateTimeOffset now) => leaseUntil - now is { } left && left > ShortestWait ? left : ShortestWait;
}
