namespace Webhooks.Publisher.FanOut;

/// <summary>
/// Decides how many events, at most, are accepted in one transaction. A transaction costs the same for one event as for many (the
/// commit, the round trips, the announcing), so events that make few deliveries go together, as many as make a thousand. Larger
/// transactions would save nothing more, would need more memory, and would repeat more when they fail. How many deliveries an event
/// makes is taken from the last groups.
/// </summary>
internal sealed class GroupSize
{
    public const int Fewest = 100;
    public const int Most = 500;

    /// <summary>
    /// The deliveries of one transaction, at most, should a group make more than the last ones did: the rest goes into the next. An
    /// event that makes more by itself has a transaction of its own.
    /// </summary>
    public const int MostDeliveries = 10_000;

    // How many a transaction should make.
    private const double Deliveries = 1_000;

    // The part of the latest group in the average: after about four groups it has followed a change.
    private const double Weight = 0.25;

    // Until a group is known: such that the first one is of the fewest events.
    private double _deliveriesOfOne = Deliveries / Fewest;

    public int Events => (int)Math.Clamp(Math.Round(Deliveries / _deliveriesOfOne), Fewest, Most);

    /// <summary>A group was accepted.</summary>
    /// <param name="events">How many; not none.</param>
    /// <param name="deliveries">What they made.</param>
    public void Saw(int events, int deliveries) => _deliveriesOfOne += Weight * (((double)deliveries / events) - _deliveriesOfOne);
}
