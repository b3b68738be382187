using Webhooks.Dispatcher.Lanes;

namespace Webhooks.Dispatcher.Tests.Lanes;

public sealed class LaneLifeTests
{
    [Fact]
    public void The_chosen_one_takes_a_free_lane_at_once() =>
        Assert.Equal(LaneMove.Take, LaneLife.OfUnheld(isChosen: true, unheldFor: TimeSpan.Zero));

    [Fact]
    public void Any_other_one_takes_it_after_two_seconds()
    {
        Assert.Equal(LaneMove.Leave, LaneLife.OfUnheld(isChosen: false, TimeSpan.FromSeconds(1.9)));
        Assert.Equal(LaneMove.Take, LaneLife.OfUnheld(isChosen: false, TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public void A_holder_hands_over_when_another_one_is_chosen_and_stays_so()
    {
        Assert.Equal(LaneMove.Keep, LaneLife.OfHeld(isChosen: true, TimeSpan.Zero));
        Assert.Equal(LaneMove.Keep, LaneLife.OfHeld(isChosen: false, TimeSpan.FromSeconds(1.9)));
        Assert.Equal(LaneMove.HandOver, LaneLife.OfHeld(isChosen: false, TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public void All_choose_the_same_and_each_is_chosen_as_often()
    {
        var lanes = Lanes(3_000);

        var chosen = lanes.CountBy(lane => Rendezvous.Choose(lane, [1, 2, 3])).ToDictionary();

        Assert.Equal([1, 2, 3], chosen.Keys.Order());
        Assert.All(chosen.Values, count => Assert.InRange(count, 850, 1_150));
        Assert.All(lanes, lane => Assert.Equal(Rendezvous.Choose(lane, [1, 2, 3]), Rendezvous.Choose(lane, [3, 1, 2])));
    }

    [Fact]
    public void Who_comes_or_goes_moves_only_its_own_lanes() => Assert.All(
        Lanes(1_000),
        lane => Assert.Contains(Rendezvous.Choose(lane, [1, 2, 3, 4]), new[] { Rendezvous.Choose(lane, [1, 2, 3]), 4 }));

    // The same in every run: ids as they are made, one after the other.
    private static List<Guid> Lanes(int count) =>
        [.. Enumerable.Range(0, count).Select(number => new Guid(0x0190_0000, 0x1234, 0x7000, 0x80, 0, 0, 0, 0, 0, (byte)(number >> 8), (byte)number))];
}
