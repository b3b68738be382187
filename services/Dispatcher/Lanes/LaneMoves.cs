using Webhooks.Dispatcher.Lanes.Leases;

namespace Webhooks.Dispatcher.Lanes;

/// <summary>
/// Which lanes this dispatcher takes and hands over, by <see cref="LaneLife"/> and by what it has seen until now.
/// </summary>
internal sealed class LaneMoves(TimeProvider clock)
{
    private readonly Since _unheld = new(clock);
    private readonly Since _otherChosen = new(clock);

    public IReadOnlyList<Guid> ToTake(Fleet seen, long own)
    {
        _unheld.See(seen.Unheld);
        return [.. seen.Unheld.Where(id => LaneLife.OfUnheld(IsChosen(id, seen, own), _unheld.For(id)) == LaneMove.Take)];
    }

    public IReadOnlyList<Guid> ToHandOver(Fleet seen, long own)
    {
        List<Guid> others = [.. seen.Own.Keys.Where(id => !IsChosen(id, seen, own))];
        _otherChosen.See(others);
        return [.. others.Where(id => LaneLife.OfHeld(isChosen: false, _otherChosen.For(id)) == LaneMove.HandOver)];
    }

    private static bool IsChosen(Guid subscriptionId, Fleet seen, long own) =>
        Rendezvous.Choose(subscriptionId, seen.Dispatchers) == own;
}
