namespace Webhooks.Publisher.FanOut;

/// <summary>
/// How many events, at most, are accepted in one transaction. A commit, its round trips and its announcements cost the same for any
/// number, so many events that make few deliveries go together. More than about a thousand rows at once gain nothing, and are
/// more to hold in memory and to do again. Goes by what came last.
/// </summary>
internal sealed class GroupSize
{
    public const int Fewest = 100;
    public const int Most = 500;

    /// <summary>As much as one statement may carry, of events that are large. PostgreSQL takes a gigabyte, but not in the time of a command.</summary>
    public const int MostBytes = 8 * 1024 * 1024;

    /// <summary>More deliveries than these are accepted in several transactions, for what came last may have made few. A wide event stands alone.</summary>
    public const int MostDeliveries = 10_000;

    private const double Deliveries = 1_000;

    // After about four groups the average has followed.
    private const double Weight = 0.25;

    // Before the first group, events are taken for such as are best taken a hundred at a time.
    private double _deliveriesOfOne = Deliveries / Fewest;

    public int Events => (int)Math.Clamp(Math.Round(Deliveries / _deliveriesOfOne), Fewest, Most);

    /// <summary>A group was accepted.</summary>
    /// <param name="events">How many; not none.</param>
    /// <param name="deliveries">What they made.</param>
    public void Saw(int events, int deliveries) => _deliveriesOfOne += Weight * (((double)deliveries / events) - _deliveriesOfOne);

    /// <summary>Divides what was read, in order, into parts of at most <see cref="MostBytes"/>; what is larger stands alone, and what is to.</summary>
    public static IEnumerable<IReadOnlyList<T>> Parts<T>(IReadOnlyList<T> read, Func<T, int> bytesOf, Func<T, bool> standsAlone)
    {
        var part = new List<T>(read.Count);
        var bytes = 0L;
        foreach (var one in read)
        {
            bytes += bytesOf(one);
            if (part.Count > 0 && (bytes > MostBytes || standsAlone(one) || standsAlone(part[^1])))
            {
                yield return part;
                (part, bytes) = ([], bytesOf(one));
            }

            part.Add(one);
        }

        if (part.Count > 0)
        {
            yield return part;
        }
    }
}
