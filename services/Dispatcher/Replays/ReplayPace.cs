namespace Webhooks.Dispatcher.Replays;

/// <summary>
/// Decides how many replays may be made now and when each is due. Pure. The rate holds over the chunks' borders, and
/// over a pause: what was not made while nobody led is not caught up with, so that no receiver gets more than the rate.
/// </summary>
/// <param name="PerSecond">Null: all that there is room for, due at once.</param>
/// <param name="NextDueAt">When the next one is due, going by those before; null: there were none.</param>
internal readonly record struct ReplayPace(double? PerSecond, DateTimeOffset? NextDueAt)
{
    /// <summary>How far ahead of their time replays are made: so long, at most, they go on after a cancellation.</summary>
    public static readonly TimeSpan Horizon = TimeSpan.FromSeconds(1);

    public int Room(DateTimeOffset now, int most)
    {
        if (PerSecond is not { } rate)
        {
            return most;
        }

        var ahead = now + Horizon - First(now);
        return ahead < TimeSpan.Zero ? 0 : (int)Math.Min(most, Math.Floor(ahead.TotalSeconds * rate) + 1);
    }

    /// <summary>When the replay at <paramref name="place"/> of the chunk, from 0, is due; at its length, when the next chunk's first is.</summary>
    public DateTimeOffset DueAt(DateTimeOffset now, int place) => PerSecond is { } rate ? First(now).AddSeconds(place / rate) : now;

    private DateTimeOffset First(DateTimeOffset now) => NextDueAt > now ? NextDueAt.Value : now;
}
