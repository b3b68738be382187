using Webhooks.Dispatcher.Lanes.Serving;

namespace Webhooks.Dispatcher.Tests.Lanes;

public sealed class LaneSlotsTests
{
    private readonly LaneSlots _slots = new(10);
    private readonly Guid _one = Guid.NewGuid();
    private readonly Guid _other = Guid.NewGuid();
    private int _woken;

    [Fact]
    public void A_lane_alone_gets_all_there_are()
    {
        Assert.Equal(10, Take(_one, 12));
        Assert.Equal(0, Take(_one, 1));
    }

    [Fact]
    public void Who_wants_some_when_there_are_none_is_woken_by_the_next_that_comes_back()
    {
        Take(_one, 10);
        Assert.Equal(0, Take(_other, 3));

        _slots.GiveBack(_one, 1);

        Assert.Equal(1, _woken);
        Assert.Equal(1, Take(_other, 3));
    }

    [Fact]
    public void While_others_want_some_none_gets_more_than_its_part()
    {
        Take(_one, 10);
        Take(_other, 3);
        _slots.GiveBack(_one, 2);
        Assert.Equal(2, Take(_other, 3));
        _slots.GiveBack(_one, 4);

        Assert.Equal(1, Take(_one, 5));
        Assert.Equal(3, Take(_other, 9));
    }

    [Fact]
    public void Of_more_lanes_than_slots_each_gets_one_in_its_turn()
    {
        var lanes = Enumerable.Range(0, 20).Select(_ => Guid.NewGuid()).ToList();
        var served = new HashSet<Guid>();
        var woken = new Queue<Guid>(lanes);
        var holding = new Queue<Guid>();
        while (served.Count < lanes.Count)
        {
            while (woken.TryDequeue(out var lane))
            {
                if (_slots.Take(lane, 5, () => woken.Enqueue(lane)) is > 0 and var given)
                {
                    _slots.GiveBack(lane, given - 1);
                    served.Add(lane);
                    holding.Enqueue(lane);
                }
            }

            _slots.GiveBack(holding.Dequeue(), 1);
        }

        Assert.Equal(20, served.Count);
    }

    private int Take(Guid lane, int wanted) => _slots.Take(lane, wanted, () => _woken++);
}
