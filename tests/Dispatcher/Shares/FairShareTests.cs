using FsCheck;
using FsCheck.Fluent;
using Webhooks.Dispatcher.Shares;

namespace Webhooks.Dispatcher.Tests.Shares;

public sealed class FairShareTests
{
    [Theory]
    [InlineData(1999, 999, 999, 0, true)]   // half of them are taken, by one
    [InlineData(2000, 999, 999, 0, false)]  // not yet half
    [InlineData(2000, 1000, 499, 1, false)] // of two, one that has less than its share of the half
    [InlineData(2000, 1000, 500, 1, true)]
    [InlineData(2000, 1200, 1, 5000, true)] // more than there are slots: one each
    [InlineData(2000, 1500, 1, 1, true)]    // over three quarters: one each
    [InlineData(2000, 1990, 0, 50, false)]  // whoever has none gets one
    public void Over_half_of_the_slots_everybody_has_a_share_of_that_half(int slots, int taken, int own, int others, bool usedUp) =>
        Assert.Equal(usedUp, FairShare.IsUsedUp(slots, taken, own, others, ofTenant: own));

    [Theory]
    [InlineData(2000, 1749, 1749, false)]
    [InlineData(2000, 1750, 1750, true)]   // seven eighths of all
    [InlineData(2000, 1775, 1575, true)]   // seven eighths of the 1800 that others leave
    [InlineData(2000, 1774, 1574, false)]
    [InlineData(2000, 1999, 0, false)]     // the very last one, of a tenant that has none
    [InlineData(2000, 2000, 0, true)]
    public void A_tenant_has_seven_eighths_at_most_of_what_others_leave(int slots, int taken, int ofTenant, bool usedUp) =>
        Assert.Equal(usedUp, FairShare.IsUsedUp(slots, taken, own: 0, others: 1_900, ofTenant));

    [Fact]
    public void Those_that_hang_at_the_same_time_leave_half_of_the_slots_to_others()
    {
        var wire = new WireSlots(() => 2_000);
        var ids = Enumerable.Range(0, 50).Select(_ => Anybody()).ToList();

        var hanging = Enumerable.Range(0, 5_000).Count(arrival => wire.TryTake(ids[arrival % 50]) is not null);

        Assert.Equal(1_000, hanging);
    }

    [Fact]
    public void In_whatever_order_they_come_whoever_is_quick_gets_a_slot() => Prop.ForAll(
        Gen.ListOf(Gen.Choose(0, 59)).Resize(3_000).ToArbitrary(), arrivals =>
        {
            const int Slots = 400;
            var wire = new WireSlots(() => Slots);
            var ids = Enumerable.Range(0, 60).Select(_ => Anybody()).ToList();
            var hanging = arrivals.Order().Concat(arrivals).Count(place => wire.TryTake(ids[place]) is not null);

            return hanging <= (Slots * 3 / 4) + ids.Count && wire.TryTake(Anybody()) is not null;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Of_however_many_subscriptions_with_one_send_each_a_tenant_leaves_slots_to_others()
    {
        var wire = new WireSlots(() => 2_000);

        Assert.Equal([1_750, 218, 28], Enumerable.Range(0, 3).Select(tenant =>
            Enumerable.Range(0, 5_000).Count(_ => wire.TryTake(new Receiver(Guid.NewGuid(), $"tenant_{tenant}")) is not null)));
        Assert.NotNull(wire.TryTake(Anybody()));
    }

    [Fact]
    public void Tenants_that_hang_for_ever_come_to_have_the_same()
    {
        var wire = new WireSlots(() => 2_000);
        Dictionary<string, Queue<IDisposable>> hanging = new() { ["tenant_0"] = [], ["tenant_1"] = [] };
        foreach (var (tenant, sends) in Enumerable.Repeat(hanging, 5_000).SelectMany(each => each))
        {
            // One that has all it may have loses its oldest to its deadline.
            if (wire.TryTake(new Receiver(Guid.NewGuid(), tenant)) is { } slot)
            {
                sends.Enqueue(slot);
            }
            else
            {
                sends.Dequeue().Dispose();
            }
        }

        Assert.All(hanging.Values, sends => Assert.InRange(sends.Count, 920, 940));
    }

    [Fact]
    public void What_is_given_back_can_be_taken_again_and_twice_given_back_counts_once()
    {
        var wire = new WireSlots(() => 4);
        var (one, other) = (Anybody(), Anybody());
        var first = wire.TryTake(one)!;
        Assert.NotNull(wire.TryTake(one));
        Assert.Null(wire.TryTake(one));
        Assert.NotNull(wire.TryTake(other));

        first.Dispose();
        first.Dispose();

        Assert.Null(wire.TryTake(one));
        Assert.Null(wire.TryTake(other));
        Assert.NotNull(wire.TryTake(Anybody()));
    }

    [Fact]
    public async Task Whoever_has_its_share_waits_for_a_slot_that_is_given_back()
    {
        var wire = new WireSlots(() => 4);
        var (one, other) = (Anybody(), Anybody());
        var first = wire.TryTake(one)!;
        var second = wire.TryTake(one)!;

        var waiting = wire.TakeAsync(one, TimeSpan.FromMinutes(1), TimeProvider.System, TestContext.Current.CancellationToken).AsTask();
        var behind = wire.TakeAsync(one, TimeSpan.FromMinutes(1), TimeProvider.System, TestContext.Current.CancellationToken).AsTask();
        Assert.False(waiting.IsCompleted);

        first.Dispose();
        Assert.NotNull(await waiting);
        Assert.False(behind.IsCompleted);
        Assert.NotNull(wire.TryTake(other));

        second.Dispose();
        Assert.False(behind.IsCompleted);
        (await waiting)!.Dispose();
        Assert.NotNull(await behind);
    }

    [Fact]
    public async Task Whoever_waits_in_vain_gets_none_and_takes_none_from_those_behind()
    {
        var wire = new WireSlots(() => 4);
        var one = Anybody();
        var first = wire.TryTake(one)!;
        var second = wire.TryTake(one)!;

        var inVain = wire.TakeAsync(one, TimeSpan.FromMilliseconds(50), TimeProvider.System, TestContext.Current.CancellationToken).AsTask();
        var patient = wire.TakeAsync(one, TimeSpan.FromMinutes(1), TimeProvider.System, TestContext.Current.CancellationToken).AsTask();
        Assert.Null(await inVain);

        first.Dispose();
        Assert.NotNull(await patient);
        second.Dispose();
        Assert.NotNull(wire.TryTake(one));
        Assert.Null(wire.TryTake(one));
    }

    private static Receiver Anybody() => new(Guid.NewGuid(), $"tenant_{Guid.NewGuid():N}");
}
