using Webhooks.Faults.Judging;
using Webhooks.Faults.Running;

namespace Webhooks.Faults.Tests.Judging;

/// <summary>A run in which all went well, and one for each thing that may be wrong: the verdict must not overlook it.</summary>
public sealed class VerdictTests
{
    private const int Events = 100;
    private const int Ordered = 6;

    private static readonly Evidence Good = AllWell();

    private static readonly DeliveryKey Some = new(Event: 8, Subscriber: 0);

    [Fact]
    public void Holds_when_every_side_says_the_same()
    {
        var verdict = Of(Good);

        Assert.Empty(verdict.Findings);
        Assert.Equal((Good.Deliveries.Count, 0, 0), (verdict.Wanted, verdict.Lost, verdict.Duplicates));
    }

    [Fact]
    public void Every_way_to_end_is_part_of_a_run() =>
        Assert.Equal(["delivered", "exhausted", "failed"], Good.Deliveries.Select(row => row.Status).Distinct().Order());

    [Fact]
    public void Misses_a_delivery_that_was_never_made() => AssertLost(
        Counted(Good with { Deliveries = [.. Good.Deliveries.Where(row => row.Key != Some)] }), Discrepancy.Missing);

    [Fact]
    public void Misses_an_event_that_left_no_trace() => AssertFound(
        Counted(Good with { Deliveries = [.. Good.Deliveries.Where(row => row.Key.Event != 8)] }), Discrepancy.Missing, times: 5);

    [Fact]
    public void Misses_a_delivery_that_no_receiver_took() => AssertLost(
        Good with { Received = With(Some, Good.Received[Some] with { Valid = 3, Taken = 0 }) }, Discrepancy.NeverReceived);

    [Fact]
    public void Misses_a_delivery_that_no_receiver_saw() => AssertLost(
        Good with { Received = Good.Received.Where(received => received.Key != Some).ToDictionary() }, Discrepancy.NeverReceived);

    [Fact]
    public void Misses_a_delivery_that_is_pending() => AssertLost(
        Counted(Good with { Deliveries = Changed(row => row with { Status = "pending", LastAttempt = 0, Attempts = 0 }) }), Discrepancy.NotEnded);

    [Fact]
    public void Finds_an_end_that_the_answers_do_not_lead_to() => AssertFound(
        Counted(Good with { Deliveries = Changed(row => row with { Status = "exhausted" }) }), Discrepancy.EndedOtherwise);

    [Theory]
    [InlineData("canceled")]
    [InlineData("exhausted")]
    public void Misses_a_delivery_that_ended_before_its_receiver_took_it(string status)
    {
        var verdict = Of(Counted(Good with
        {
            Deliveries = Changed(row => row with { Status = status }),
            Received = With(Some, Good.Received[Some] with { Taken = 0 }),
        }));

        Assert.Equal([Discrepancy.EndedOtherwise, Discrepancy.NeverReceived], verdict.Findings.Select(finding => finding.Fault));
        Assert.Equal(1, verdict.Lost);
    }

    // Of one key are every eighth.
    [Fact]
    public void Finds_a_delivery_that_came_before_its_predecessor() => AssertFound(
        Good with { Received = Swapped(new DeliveryKey(8, Ordered), new DeliveryKey(16, Ordered)) }, Discrepancy.OutOfOrder);

    [Fact]
    public void Takes_the_order_of_acceptance_and_no_other()
    {
        var (one, other) = (new DeliveryKey(8, Ordered), new DeliveryKey(9, Ordered));
        Assert.True(Of(Good with { Received = Swapped(one, other) }).Holds);
        Assert.False(Of(Good with { Deliveries = [.. Good.Deliveries.Select(row => row.Key == one ? row with { Place = long.MaxValue } : row)] }).Holds);
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(11, false)]
    public void Finds_more_in_flight_than_two_holders_may_have(int most, bool holds)
    {
        var verdict = Of(Good with { MostInFlight = new Dictionary<int, int> { [7] = most } });

        Assert.Equal(holds, verdict.Holds);
        Assert.All(verdict.Findings, finding => Assert.Equal(Discrepancy.TooManyInFlight, finding.Fault));
    }

    [Fact]
    public void Finds_a_delivery_that_was_made_twice() => AssertFound(
        Counted(Good with { Deliveries = [.. Good.Deliveries, Good.Deliveries.Single(row => row.Key == Some)] }), Discrepancy.Doubled);

    [Fact]
    public void Finds_a_delivery_of_what_nobody_published() => AssertFound(
        Counted(Good with { Deliveries = [.. Good.Deliveries, Row(new DeliveryKey(Events, 0))] }), Discrepancy.Unexpected);

    [Fact]
    public void Finds_a_delivery_to_whom_does_not_want_it() => AssertFound(
        Counted(Good with { Deliveries = [.. Good.Deliveries, Row(new DeliveryKey(8, Subscriber: 2))] }), Discrepancy.Unexpected);

    [Fact]
    public void Finds_a_signature_that_is_not_right() => AssertFound(
        Good with { Received = With(Some, Good.Received[Some] with { Invalid = 1 }) }, Discrepancy.Forged);

    [Theory]
    [InlineData(2, 1)]
    [InlineData(1, 2)]
    [InlineData(0, 0)]
    public void Finds_attempts_that_are_not_recorded_as_they_are_counted(int last, long recorded) => AssertFound(
        Good with { Deliveries = Changed(row => row with { LastAttempt = last, Attempts = recorded }) }, Discrepancy.Miscounted);

    [Fact]
    public void Finds_an_event_that_was_never_confirmed() => AssertFound(Good with { Unconfirmed = [Events] }, Discrepancy.Unpublished);

    // It may have been accepted all the same: the confirm was lost.
    [Fact]
    public void Takes_a_delivery_of_an_event_that_was_never_confirmed() => AssertFound(
        Counted(Good with { Unconfirmed = [Events], Deliveries = [.. Good.Deliveries, Row(new DeliveryKey(Events, 0))] }), Discrepancy.Unpublished);

    [Theory]
    [InlineData("accepted", 1)]
    [InlineData("accepted", -1)]
    [InlineData("matched", 1)]
    [InlineData("delivered", -1)]
    [InlineData("failed", 1)]
    [InlineData("exhausted", 1)]
    [InlineData("canceled", 1)]
    [InlineData("pending", 1)]
    [InlineData("parked", 1)]
    public void Finds_an_account_that_is_off_by_one(string member, long by)
    {
        var account = Good.Account;
        var wrong = member switch
        {
            "accepted" => account with { Accepted = account.Accepted + by },
            "matched" => account with { Matched = account.Matched + by },
            "delivered" => account with { Delivered = account.Delivered + by },
            "failed" => account with { Failed = account.Failed + by },
            "exhausted" => account with { Exhausted = account.Exhausted + by },
            "canceled" => account with { Canceled = account.Canceled + by },
            "pending" => account with { Pending = account.Pending + by },
            _ => account with { Parked = account.Parked + by },
        };

        Assert.All(Of(Good with { Account = wrong }).Findings, finding => Assert.Equal(Discrepancy.WrongAccount, finding.Fault));
        Assert.False(Of(Good with { Account = wrong }).Holds);
    }

    [Fact]
    public void Counts_what_a_receiver_took_again_and_holds()
    {
        var verdict = Of(Good with { Received = With(Some, Good.Received[Some] with { Valid = 5, Taken = 3 }) });

        Assert.Equal((true, 2), (verdict.Holds, verdict.Duplicates));
    }

    [Theory]
    [InlineData(0.1, true)]
    [InlineData(0.11, false)]
    public void Finds_more_duplicates_than_a_tenth(double share, bool holds)
    {
        var again = (int)(share * Good.Deliveries.Count);

        var verdict = Of(Good with { Received = With(Some, Good.Received[Some] with { Valid = 1 + again, Taken = 1 + again }) });

        Assert.Equal((holds, again), (verdict.Holds, verdict.Duplicates));
        Assert.All(verdict.Findings, finding => Assert.Equal(Discrepancy.TooManyDuplicates, finding.Fault));
    }

    private static Verdict Of(Evidence evidence) => Verdict.Of(evidence, Subscriber.All);

    private static void AssertLost(Evidence evidence, Discrepancy fault)
    {
        AssertFound(evidence, fault);
        Assert.Equal(1, Of(evidence).Lost);
    }

    private static void AssertFound(Evidence evidence, Discrepancy fault, int times = 1)
    {
        var verdict = Of(evidence);

        Assert.False(verdict.Holds);
        Assert.Equal(Enumerable.Repeat(fault, times), verdict.Findings.Select(finding => finding.Fault));
    }

    private static Evidence AllWell()
    {
        var events = Enumerable.Range(0, Events).ToList();
        var keys = (from number in events from subscriber in Subscriber.All where subscriber.Wants(number) select new DeliveryKey(number, subscriber.Number)).ToList();
        return Counted(new Evidence
        {
            Confirmed = events,
            Unconfirmed = [],
            Deliveries = [.. keys.Select(Row)],
            Received = keys.ToDictionary(
                key => key, key => new Receipts(Valid: 1, Invalid: 0, Taken: Subscriber.All[key.Subscriber].AnswerTo(key.Event) == 200 ? 1 : 0, First: key.Event)),
            MostInFlight = new Dictionary<int, int>(),
            Account = new Account(0, 0, 0, 0, 0, 0, 0, 0),
        });
    }

    private static DeliveryRow Row(DeliveryKey key) => new(key, Subscriber.All[key.Subscriber].EndOf(key.Event), LastAttempt: 1, Attempts: 1, Place: key.Event);

    /// <summary>With the account that belongs to its rows, so that only what a test changes is wrong.</summary>
    private static Evidence Counted(Evidence evidence)
    {
        var rows = evidence.Deliveries.CountBy(row => row.Status).ToDictionary();
        return evidence with
        {
            Account = new Account(
                evidence.Confirmed.Count, evidence.Deliveries.Count,
                rows.GetValueOrDefault("delivered"), rows.GetValueOrDefault("failed"), rows.GetValueOrDefault("exhausted"),
                rows.GetValueOrDefault("canceled"), rows.GetValueOrDefault("pending"), Parked: 0),
        };
    }

    private static IReadOnlyList<DeliveryRow> Changed(Func<DeliveryRow, DeliveryRow> change) =>
        [.. Good.Deliveries.Select(row => row.Key == Some ? change(row) : row)];

    /// <summary>The one came first when the other did.</summary>
    private static Dictionary<DeliveryKey, Receipts> Swapped(DeliveryKey one, DeliveryKey other) =>
        new(Good.Received) { [one] = Good.Received[other], [other] = Good.Received[one] };

    private static Dictionary<DeliveryKey, Receipts> With(DeliveryKey key, Receipts receipts) =>
        new(Good.Received) { [key] = receipts };
}
