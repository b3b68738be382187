namespace Webhooks.Publisher.FanOut;

/// <summary>
/// How many events, at most, are accepted in one transaction. A commit, its round trips and its announcements cost the same for any
/// number, so that many events that make few deliveries go together; more rows than some thousand at once gain nothing, and are more
/// to hold in memory and to do again. Goes by what came last.
/// </summary>
internal sealed class GroupSize
{
    public const int Fewest = 100;
    public const int Most = 500;

    private const double Deliveries = 1_000;
    private const double Bytes = 4 * 1024 * 1024;

    // Some four groups make another average.
    private const double Weight = 0.25;

    // Until some have come they are taken for such as are best taken few at a time.
    private double _deliveriesOfOne = Deliveries / Fewest;
    private double _bytesOfOne;

    public int Events => (int)Math.Clamp(Math.Round(Math.Min(Deliveries / _deliveriesOfOne, Bytes / _bytesOfOne)), Fewest, Most);

    /// <summary>A group was accepted.</summary>
    /// <param name="events">How many; not none.</param>
    /// <param name="deliveries">What they made.</param>
    /// <param name="bytes">What came, in all.</param>
    public void Saw(int events, int deliveries, long bytes)
    {
        _deliveriesOfOne += Weight * (((double)deliveries / events) - _deliveriesOfOne);
        _bytesOfOne += Weight * (((double)bytes / events) - _bytesOfOne);
    }
}
