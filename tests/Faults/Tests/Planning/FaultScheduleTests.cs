using FsCheck;
using FsCheck.Fluent;
using Webhooks.Faults.Planning;

namespace Webhooks.Faults.Tests.Planning;

public sealed class FaultScheduleTests
{
    private static readonly TimeSpan AnHour = TimeSpan.FromHours(1);

    private static readonly Arbitrary<(int Seed, TimeSpan Length)> AnyRun = (
        from seed in Gen.Choose(0, int.MaxValue)
        from seconds in Gen.Choose(1, 3600)
        select (seed, TimeSpan.FromSeconds(seconds))).ToArbitrary();

    [Fact]
    public void The_same_seed_plans_the_same() => Prop.ForAll(AnyRun, run =>
    {
        var (one, other) = (FaultSchedule.Plan(run.Seed, run.Length), FaultSchedule.Plan(run.Seed, run.Length));
        return one.OfTheSystem.SequenceEqual(other.OfTheSystem) && one.OfReceivers.SequenceEqual(other.OfReceivers);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Another_seed_plans_something_else() =>
        Assert.NotEqual(FaultSchedule.Plan(1, AnHour).OfTheSystem, FaultSchedule.Plan(2, AnHour).OfTheSystem);

    [Fact]
    public void No_fault_begins_before_the_load_or_ends_after_the_run() => Prop.ForAll(AnyRun, run =>
        Rows(run).SelectMany(row => row).All(fault => fault.At >= FaultSchedule.Beginning && fault.End <= run.Length)).QuickCheckThrowOnFailure();

    [Fact]
    public void In_a_row_no_fault_begins_before_another_has_ended() => Prop.ForAll(AnyRun, run =>
        Rows(run).All(row => row.Zip(row.Skip(1)).All(pair => pair.First.End < pair.Second.At))).QuickCheckThrowOnFailure();

    [Fact]
    public void Every_fault_lasts_as_long_as_its_kind_may() => Prop.ForAll(AnyRun, run =>
        Rows(run).SelectMany(row => row).All(fault =>
            fault.Duration.TotalSeconds >= fault.Kind.Shortest && fault.Duration.TotalSeconds <= fault.Kind.Longest)).QuickCheckThrowOnFailure();

    // Whatever a run has room for is spread over the kinds.
    [Fact]
    public void No_kind_comes_twice_more_often_than_another() => Prop.ForAll(AnyRun, run =>
    {
        var plan = FaultSchedule.Plan(run.Seed, run.Length);
        return IsEven(plan.OfTheSystem, FaultKind.OfTheSystem) && IsEven(plan.OfReceivers, FaultKind.OfReceivers);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void An_hour_has_room_for_every_kind_many_times() => Assert.All(
        FaultKind.OfTheSystem, kind => Assert.InRange(FaultSchedule.Plan(3, AnHour).OfTheSystem.Count(fault => fault.Kind == kind), 10, 40));

    [Fact]
    public void Some_faults_outlast_every_patience_and_most_are_short()
    {
        var freezes = Enumerable.Range(0, 20).SelectMany(seed => FaultSchedule.Plan(seed, AnHour).OfTheSystem)
            .Where(fault => fault.Kind.Deed == FaultDeed.Freeze && fault.Kind.Longest >= 25).ToList();

        Assert.InRange(freezes.Count(fault => fault.Duration > TimeSpan.FromSeconds(20)), freezes.Count / 50, freezes.Count / 4);
        Assert.True(freezes.Count(fault => fault.Duration < TimeSpan.FromSeconds(10)) > freezes.Count / 2);
    }

    [Fact]
    public void No_two_kinds_have_the_same_name() =>
        Assert.Distinct(FaultKind.OfTheSystem.Concat(FaultKind.OfReceivers).Select(kind => kind.Name));

    private static IReadOnlyList<PlannedFault>[] Rows((int Seed, TimeSpan Length) run)
    {
        var plan = FaultSchedule.Plan(run.Seed, run.Length);
        return [plan.OfTheSystem, plan.OfReceivers];
    }

    private static bool IsEven(IReadOnlyList<PlannedFault> row, IReadOnlyList<FaultKind> kinds)
    {
        var counts = kinds.Select(kind => row.Count(fault => fault.Kind == kind)).ToList();
        return counts.Max() - counts.Min() <= 1;
    }
}
