using Webhooks.Faults.Running;

namespace Webhooks.Faults.Judging;

/// <summary>Whether the invariant holds: nothing lost, everything ended, and every side counts the same. Pure.</summary>
internal sealed record Verdict(IReadOnlyList<Finding> Findings, int Wanted, int Duplicates)
{
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
            .. OfAccount(evidence),
        ];
        return new Verdict(findings, wanted.Count, evidence.Received.Values.Sum(receipts => Math.Max(0, receipts.Taken - 1)));
    }

    private static IEnumerable<Finding> OfDelivery(DeliveryRow row, Receipts? receipts, Subscriber subscriber)
    {
        if (row.Status == "pending")
        {
            yield return new Finding(Discrepancy.NotEnded, row.Key, $"it is pending after {row.LastAttempt} attempts");
            yield break;
        }

        if (row.Status != subscriber.EndOf(row.Key.Event))
        {
            yield return new Finding(Discrepancy.EndedOtherwise, row.Key, $"it is {row.Status} after {row.LastAttempt} attempts");
        }

        if (row.Status == "delivered" && receipts is not { Taken: > 0, Valid: > 0 })
        {
            yield return new Finding(Discrepancy.NeverReceived, row.Key, $"its receiver saw {receipts?.Valid ?? 0} requests and took none");
        }

        if (row.LastAttempt != row.Attempts || row.Attempts == 0)
        {
            yield return new Finding(Discrepancy.Miscounted, row.Key, $"its last attempt is {row.LastAttempt}, and {row.Attempts} are recorded");
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
