using Webhooks.Faults.Injecting;
using Webhooks.Faults.Judging;
using Webhooks.Faults.Planning;
using Webhooks.Faults.Reporting;
using Webhooks.Faults.Running;

namespace Webhooks.Faults.Tests.Reporting;

public sealed class FaultLineTests
{
    private static readonly FaultKind Kind = FaultKind.OfTheSystem[0];

    [Fact]
    public void What_the_next_fault_overtook_is_told_apart_from_what_never_recovered()
    {
        var line = FaultLine.Of(Kind, [Recovery(seconds: 3), Recovery(seconds: 1), Recovery(seconds: 2), Recovery(isOvertaken: true), Recovery(isOvertaken: true), Recovery()]);

        Assert.Equal(new FaultLine(Kind.Name, Count: 6, MedianRecovery: 2, MaxRecovery: 3, Overtaken: 2, Unrecovered: 1), line);
    }

    [Theory]
    [InlineData(null, false, false)]
    [InlineData(null, true, true)]
    [InlineData(3.0, false, true)]
    public void A_run_after_one_of_whose_faults_nothing_was_delivered_does_not_hold(double? seconds, bool isOvertaken, bool holds)
    {
        var judgement = new Judgement(Nothing, Verdict.Of(Nothing, Subscriber.All), SettledAfter: TimeSpan.Zero, Histories: []);

        var report = Report.Of(new FaultOptions { Length = TimeSpan.FromMinutes(3), Seed = 1 }, judgement, [Recovery(seconds, isOvertaken)]);

        Assert.Equal(holds, report.Holds);
    }

    private static Evidence Nothing => new()
    {
        Confirmed = [], Unconfirmed = [], Deliveries = [], Received = new Dictionary<DeliveryKey, Receipts>(),
        MostInFlight = new Dictionary<int, int>(), Account = new Account(0, 0, 0, 0, 0, 0, 0, 0),
    };

    private static Recovery Recovery(double? seconds = null, bool isOvertaken = false) => new(Kind, receiver: null, from: 0)
    {
        After = seconds is { } after ? TimeSpan.FromSeconds(after) : null,
        IsOvertaken = isOvertaken,
    };
}
