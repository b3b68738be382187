using Webhooks.Faults.Running;

namespace Webhooks.Faults.Judging;

/// <summary>Whether the invariant holds: nothing lost, everything ended, and every side counts the same. Pure.</summary>
internal sealed record Verdict(IReadOnlyList<Finding> Findings, int Wanted, int Duplicates)
{
    // At a failover the limit holds for each of the two holders. One fault of the system at a time: there are never three.
    private const int Holders = 2;

    // Runs have had 2 % at most, on a busy machine. What repeats all that it has in hand at every fault comes to more.
    private const double MostDuplicates = 0.1;

    public bool Holds => Findings.Count == 0;

    public int Lost => Findings.Count(finding => finding.IsLoss);

    public static Verdict Of(Evidence evidence, IReadOnlyList<Subscriber> subscribers)
    {
        var wanted = (from number in evidence.Confirmed from subscriber in subscribers where subscriber.Wants(number) select new DeliveryKey(number, subscriber.Number)).ToHashSet();
        var mayBe = evidence.Unconfirmed.ToHashSet();
        var rows = evidence.Deliveries.ToLookup(row => row.Key);
        List<Finding> findings =
        [
            .. evidence.Unconfirmed.Select(number => new Finding(Discrepancy.Unpublished, null, $"event {number} was never confirmed")),
            .. wanted.Where(key => !rows.Contains(key)).Select(key => new Finding(Discrepancy.Missing, key, "there is no delivery")),
            .. rows.Where(group => group.Count() > 1).Select(group => new Finding(Discrepancy.Doubled, group.Key, $"{group.Count()} deliveries")),
            .. rows.Where(group => !wanted.Contains(group.Key) && !mayBe.Contains(group.Key.Event)).Select(group => new Finding(Discrepancy.Unexpected, group.Key, "nobody asked for it")),
            .. evidence.Deliveries.Where(row => wanted.Contains(row.Key)).SelectMany(row => OfDelivery(row, evidence.Received.GetValueOrDefault(row.Key), subscribers[row.Key.Subscriber])),
            .. evidence.Received.Where(received => received.Value.Invalid > 0).Select(received => new Finding(Discrepancy.Forged, received.Key, $"{received.Value.Invalid} requests")),
            .. subscribers.Where(subscriber => subscriber.IsOrdered).SelectMany(subscriber => OfOrder(evidence, subscriber)),
            .. subscribers.SelectMany(subscriber => OfFlight(evidence.MostInFlight.GetValueOrDefault(subscriber.Number), subscriber)),
            .. OfAccount(evidence),
        ];
        var duplicates = evidence.Received.Values.Sum(receipts => Math.Max(0, receipts.Taken - 1));
        if (duplicates > MostDuplicates * evidence.Deliveries.Count)
        {
            findings.Add(new Finding(Discrepancy.TooManyDuplicates, null, $"{duplicates} of {evidence.Deliveries.Count} deliveries were taken once more"));
        }

        return new Verdict(findings, wanted.Count, duplicates);
    }

    private static IEnumerable<Finding> OfDelivery(DeliveryRow row, Receipts? receipts, Subscriber subscriber)
    {
        if (row.Status == "pending")
        {
            yield return new Finding(Discrepancy.NotEnded, row.Key, $"it is pending after {row.LastAttempt} attempts");
            yield break;
        }

        var end = subscriber.EndOf(row.Key.Event);
        if (row.Status != end)
        {
            yield return new Finding(Discrepancy.EndedOtherwise, row.Key, $"it is {row.Status} after {row.LastAttempt} attempts");
        }

        if ((row.Status == "delivered" || end == "delivered") && receipts is not { Taken: > 0, Valid: > 0 })
        {
            yield return new Finding(Discrepancy.NeverReceived, row.Key, $"its receiver saw {receipts?.Valid ?? 0} requests and took none");
        }

        if (row.LastAttempt != row.Attempts || row.Attempts == 0)
        {
            yield return new Finding(Discrepancy.Miscounted, row.Key, $"its last attempt is {row.LastAttempt}, and {row.Attempts} are recorded");
        }
    }

    /// <summary>What came more than once counts by when it came first: a copy may be late, its successors had to wait for the end of one.</summary>
    private static IEnumerable<Finding> OfOrder(Evidence evidence, Subscriber subscriber)
    {
        var received = evidence.Deliveries.Where(row => row.Key.Subscriber == subscriber.Number && evidence.Received.ContainsKey(row.Key));
        foreach (var key in received.GroupBy(row => Subscriber.KeyOf(row.Key.Event)))
        {
            var accepted = key.OrderBy(row => row.Place).ToList();
            foreach (var (before, row) in accepted.Zip(accepted.Skip(1)))
            {
                if (evidence.Received[row.Key].First < evidence.Received[before.Key].First)
                {
                    yield return new Finding(Discrepancy.OutOfOrder, row.Key, $"it came before event {before.Key.Event}, which was accepted before it");
                }
            }
        }
    }

    private static IEnumerable<Finding> OfFlight(int most, Subscriber subscriber)
    {
        if (subscriber.MaxInFlight is { } limit && most > Holders * limit)
        {
            yield return new Finding(Discrepancy.TooManyInFlight, null, $"subscriber {subscriber.Number} had {most} requests unanswered, and allows {limit}");
        }
    }

    private static IEnumerable<Finding> OfAccount(Evidence evidence)
    {
        var account = evidence.Account;
        if (account.Matched != account.Delivered + account.Failed + account.Exhausted + account.Canceled + account.Pending)
        {
            yield return Wrong("matched", account.Matched, account.Delivered + account.Failed + account.Exhausted + account.Canceled + account.Pending);
        }

        var accepted = evidence.Confirmed.Count;
        if (account.Accepted < accepted || account.Accepted > accepted + evidence.Unconfirmed.Count)
        {
            yield return Wrong("accepted", account.Accepted, accepted);
        }

        (string Name, long Told)[] statuses =
        [
            ("delivered", account.Delivered), ("failed", account.Failed), ("exhausted", account.Exhausted),
            ("canceled", account.Canceled), ("pending", account.Pending),
        ];
        var rows = evidence.Deliveries.CountBy(row => row.Status).ToDictionary(StringComparer.Ordinal);
        foreach (var (name, told) in statuses)
        {
            if (told != rows.GetValueOrDefault(name))
            {
                yield return Wrong(name, told, rows.GetValueOrDefault(name));
            }
        }

        if (account.Parked != 0)
        {
            yield return Wrong("parked", account.Parked, 0);
        }
    }

    private static Finding Wrong(string name, long told, long counted) =>
        new(Discrepancy.WrongAccount, null, $"{name} is {told}, but {counted} were counted");
}
