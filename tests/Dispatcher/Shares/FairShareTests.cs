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
        Assert.Equal(usedUp, FairShare.IsUsedUp(slots, taken, own, others));

    [Fact]
    public void Those_that_hang_at_the_same_time_leave_half_of_the_slots_to_others()
    {
        var wire = new WireSlots(() => 2_000);
        var ids = Enumerable.Range(0, 50).Select(_ => Guid.NewGuid()).ToList();

        var hanging = Enumerable.Range(0, 5_000).Count(arrival => wire.TryTake(ids[arrival % 50]) is not null);

        Assert.Equal(1_000, hanging);
    }

    [Fact]
    public void In_whatever_order_they_come_whoever_is_quick_gets_a_slot() => Prop.ForAll(
        Gen.ListOf(Gen.Choose(0, 59)).Resize(3_000).ToArbitrary(), arrivals =>
        {
            const int Slots = 400;
            var wire = new WireSlots(() => Slots);
            var ids = Enumerable.Range(0, 60).Select(_ => Guid.NewGuid()).ToList();
            var hanging = arrivals.Order().Concat(arrivals).Count(place => wire.TryTake(ids[place]) is not null);

            return hanging <= (Slots * 3 / 4) + ids.Count && wire.TryTake(Guid.NewGuid()) is not null;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_is_given_back_can_be_taken_again_and_twice_given_back_counts_once()
    {
        var wire = new WireSlots(() => 4);
        var (one, other) = (Guid.NewGuid(), Guid.NewGuid());
        var first = wire.TryTake(one)!;
        Assert.NotNull(wire.TryTake(one));
        Assert.Null(wire.TryTake(one));
        Assert.NotNull(wire.TryTake(other));

        first.Dispose();
        first.Dispose();

        Assert.Null(wire.TryTake(one));
        Assert.Null(wire.TryTake(other));
        Assert.NotNull(wire.TryTake(Guid.NewGuid()));
    }

    [Fact]
    public async Task Whoever_has_its_share_waits_for_a_slot_that_is_given_back()
    {
        var wire = new WireSlots(() => 4);
        var (one, other) = (Guid.NewGuid(), Guid.NewGuid());
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
        var one = Guid.NewGuid();
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
}
