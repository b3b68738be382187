using Webhooks.Dispatcher.Lanes.Starting;

namespace Webhooks.Dispatcher.Tests.Lanes;

/// <summary>Of twelve slots, three are kept for lanes that have none.</summary>
public sealed class LaneSlotsTests
{
    private readonly LaneSlots _slots = new(12);
    private readonly Guid _one = Guid.NewGuid();
    private readonly Guid _other = Guid.NewGuid();
    private readonly Guid _third = Guid.NewGuid();
    private int _woken;

    [Fact]
    public void A_lane_alone_gets_all_but_the_reserve()
    {
        Assert.Equal(9, Take(_one, 15));
        Assert.Equal(0, Take(_one, 1));
    }

    [Fact]
    public void Lanes_that_took_all_they_could_leave_one_to_each_that_comes()
    {
        Take(_one, 15);

        Assert.Equal(1, Take(_other, 15));
        Assert.Equal(0, Take(_other, 15));
        Assert.Equal(1, Take(_third, 15));
        Assert.Equal(1, Take(Guid.NewGuid(), 15));
        Assert.Equal(0, Take(Guid.NewGuid(), 15));
    }

    [Fact]
    public void Who_wants_some_when_there_are_none_is_woken_by_the_next_that_comes_back()
    {
        Take(_one, 9);
        Take(_other, 1);
        Take(_third, 1);
        Take(Guid.NewGuid(), 1);
        var last = Guid.NewGuid();
        Assert.Equal(0, Take(last, 3));

        _slots.GiveBack(_one, 1);

        Assert.Equal(1, _woken);
        Assert.Equal(1, Take(last, 3));
    }

    [Fact]
    public void As_many_are_woken_as_come_back()
    {
        Take(_one, 9);
        Assert.Equal([1, 1, 1], Enumerable.Range(0, 3).Select(_ => Take(Guid.NewGuid(), 1)));
        Assert.Equal([0, 0, 0], Enumerable.Range(0, 3).Select(_ => Take(Guid.NewGuid(), 1)));

        _slots.GiveBack(_one, 2);

        Assert.Equal(2, _woken);
    }

    [Fact]
    public void Who_is_woken_and_wants_none_any_more_passes_it_on()
    {
        Take(_one, 9);
        Assert.Equal([1, 1, 1], Enumerable.Range(0, 3).Select(_ => Take(Guid.NewGuid(), 1)));
        var woken = new List<Guid>();
        List<Guid> waiting = [.. Enumerable.Range(0, 3).Select(_ => Guid.NewGuid())];
        waiting.ForEach(lane => Assert.Equal(0, _slots.Take(lane, $"tenant_{lane}", 1, () => woken.Add(lane))));
        _slots.GiveBack(_one, 1);
        Assert.Equal([waiting[0]], woken);

        _slots.PassOn(waiting[0]);
        _slots.Leave(waiting[1]);

        Assert.Equal(waiting, woken);
        Assert.Equal(1, Take(waiting[2], 1));
        _slots.PassOn(waiting[2]);
    }

    [Fact]
    public void Who_has_its_part_is_not_woken_instead_of_one_that_has_none()
    {
        Take(_one, 9);
        var woken = new List<Guid>();
        Assert.Equal(0, _slots.Take(_one, $"tenant_{_one}", 1, () => woken.Add(_one)));
        List<Guid> others = [.. Enumerable.Range(0, 4).Select(_ => Guid.NewGuid())];
        Assert.Equal([1, 1, 1, 0], others.Select(other => _slots.Take(other, $"tenant_{other}", 1, () => woken.Add(other))));

        _slots.GiveBack(others[0], 1);

        Assert.Equal([others[3]], woken);
    }

    [Fact]
    public void While_others_want_some_none_gets_more_than_its_part()
    {
        Take(_one, 9);
        Assert.Equal(1, Take(_other, 3));
        _slots.GiveBack(_one, 5);
        Assert.Equal(4, Take(_other, 4));
        _slots.GiveBack(_one, 3);

        Assert.Equal(1, Take(_other, 9));
        Assert.Equal(2, Take(_one, 9));
    }

    [Fact]
    public void A_lane_that_has_some_and_wants_more_is_one_lane()
    {
        var slots = new LaneSlots(100);
        Assert.Equal(1, slots.Take(_one, "tenant_1", 1, () => { }));
        Assert.Equal(1, slots.Take(_other, "tenant_2", 1, () => { }));
        Assert.Equal(33, slots.Take(_third, "tenant_3", 50, () => { }));
        Assert.Equal(0, slots.Take(_third, "tenant_3", 50, () => { }));

        Assert.Equal(32, slots.Take(_one, "tenant_1", 50, () => { }));
    }

    [Fact]
    public void Who_is_not_served_any_more_wants_none()
    {
        Take(_one, 9);
        Assert.Equal(0, Take(_one, 1));
        Assert.Equal([1, 1, 1], Enumerable.Range(0, 3).Select(_ => Take(Guid.NewGuid(), 1)));
        Assert.Equal(0, Take(_other, 1));

        _slots.Leave(_other);
        _slots.Leave(_one);
        _slots.GiveBack(_one, 9);

        Assert.Equal(0, _woken);
        Assert.Equal(3, Take(_third, 9));
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
                if (_slots.Take(lane, $"tenant_{lane}", 5, () => woken.Enqueue(lane)) is > 0 and var given)
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

    [Fact]
    public void Of_however_many_lanes_a_tenant_leaves_some_to_others_and_who_waits_in_vain_is_passed_over()
    {
        var slots = new LaneSlots(16);
        var woken = new List<Guid>();
        var many = Enumerable.Range(0, 20).Select(_ => Guid.NewGuid()).ToList();
        Assert.Equal(14, many.Sum(lane => slots.Take(lane, "tenant_1", 1, () => woken.Add(lane))));
        Assert.Equal([1, 1, 0], (Guid[])[_one, _other, _third] is var others
            ? others.Select(lane => slots.Take(lane, $"tenant_{lane}", 1, () => woken.Add(lane))) : []);

        slots.GiveBack(_one, 1);

        Assert.Equal([_third], woken);
    }

    [Fact]
    public void Tenants_are_waked_in_turn_however_many_lanes_of_one_wait()
    {
        var slots = new LaneSlots(16);
        Assert.Equal(12, slots.Take(_one, "tenant_1", 12, () => { }));
        var woken = new List<string>();
        Assert.Equal(4, Enumerable.Range(0, 4).Sum(_ => slots.Take(Guid.NewGuid(), $"tenant_{Guid.NewGuid()}", 1, () => { })));
        foreach (var tenant in (string[])["tenant_2", "tenant_2", "tenant_2", "tenant_3", "tenant_3"])
        {
            Assert.Equal(0, slots.Take(Guid.NewGuid(), tenant, 1, () => woken.Add(tenant)));
        }

        slots.GiveBack(_one, 5);

        Assert.Equal(["tenant_2", "tenant_3", "tenant_2", "tenant_3", "tenant_2"], woken);
    }

    private int Take(Guid lane, int wanted) => _slots.Take(lane, $"tenant_{lane}", wanted, () => _woken++);
}
