using Webhooks.Dispatcher.Lanes;
using Webhooks.Dispatcher.Lanes.Leases;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes;

/// <summary>What the first of two dispatchers does about lanes as it sees them, the one chosen for it or the other.</summary>
public sealed class LaneMovesTests
{
    private const long Own = 1;
    private const long Other = 2;

    private readonly StoppedClock _clock = new();
    private readonly LaneMoves _moves;
    private readonly Guid _its;
    private readonly Guid _others;

    public LaneMovesTests()
    {
        _moves = new LaneMoves(_clock);
        (_its, _others) = (OneOf(Own), OneOf(Other));
    }

    [Fact]
    public void It_takes_its_own_at_once_and_anothers_after_it_has_seen_it_unheld_for_two_seconds()
    {
        Assert.Equal([_its], _moves.ToTake(Unheld(_its, _others), Own));
        _clock.Advance(TimeSpan.FromSeconds(1.9));
        Assert.Empty(_moves.ToTake(Unheld(_others), Own));
        _clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal([_others], _moves.ToTake(Unheld(_others), Own));
    }

    [Fact]
    public void What_somebody_has_held_meanwhile_is_seen_anew()
    {
        _moves.ToTake(Unheld(_others), Own);
        _clock.Advance(TimeSpan.FromSeconds(1));
        _moves.ToTake(Unheld(), Own);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Empty(_moves.ToTake(Unheld(_others), Own));
    }

    [Fact]
    public void It_hands_over_what_is_anothers_for_two_seconds()
    {
        Assert.Empty(_moves.ToHandOver(Held(_its, _others), Own));
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal([_others], _moves.ToHandOver(Held(_its, _others), Own));
    }

    [Fact]
    public void An_other_that_goes_again_is_handed_nothing()
    {
        _moves.ToHandOver(Held(_others), Own);
        _clock.Advance(TimeSpan.FromSeconds(1));
        _moves.ToHandOver(Held(_others) with { Dispatchers = [Own] }, Own);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Empty(_moves.ToHandOver(Held(_others), Own));
    }

    private static Fleet Unheld(params Guid[] lanes) => new([Own, Other], lanes, new Dictionary<Guid, long>());

    private static Fleet Held(params Guid[] lanes) => new([Own, Other], [], lanes.ToDictionary(lane => lane, _ => 1L));

    private static Guid OneOf(long dispatcher)
    {
        var lane = Guid.NewGuid();
        while (Rendezvous.Choose(lane, [Own, Other]) != dispatcher)
        {
            lane = Guid.NewGuid();
        }

        return lane;
    }
}
