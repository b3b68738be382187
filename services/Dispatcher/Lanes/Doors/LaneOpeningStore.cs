using Npgsql;
using Webhooks.Subscriptions.Lanes;

namespace Webhooks.Dispatcher.Lanes.Doors;

/// <summary>A lane that is to be opened for a reason that is no setting of the subscription's.</summary>
internal readonly record struct WantedLane(Guid SubscriptionId, LaneReason Reason);

/// <summary>What came of opening lanes.</summary>
/// <param name="Opened">Whose were opened: not those that were open, or whose subscription there is not.</param>
/// <param name="Busy">Whose subscription somebody holds: they are still closed.</param>
internal readonly record struct LanesOpened(IReadOnlyCollection<Guid> Opened, IReadOnlyCollection<Guid> Busy);

/// <summary>The SQL by which dispatchers open lanes.</summary>
internal sealed class LaneOpeningStore(NpgsqlDataSource database)
{
    // A subscription may be held for seconds, by a change that waits for the broker, and for as long as he likes by an operator: all
    // others do not wait for that.
    private const string LockFree = """
        SELECT array_agg(id) FROM (
            SELECT id FROM subscriptions WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED) AS free
        """;

    // Those that are open stay as they are.
    private const string Open = """
        WITH opened AS (
            INSERT INTO lanes (subscription_id, reason)
            SELECT id, reason FROM subscriptions JOIN unnest($1::uuid[], $2::text[]) AS wanted (id, reason) USING (id) ORDER BY id
            ON CONFLICT (subscription_id) DO NOTHING
            RETURNING subscription_id
        )
        SELECT array_agg(subscription_id) FROM opened
        """;

    private const string SelectClosed = """
        SELECT array_agg(id) FROM subscriptions
        WHERE id = ANY($1) AND NOT EXISTS (SELECT FROM lanes WHERE subscription_id = id)
        """;

    /// <summary>Opens lanes in one transaction, which waits for no subscription's row.</summary>
    public async Task<LanesOpened> OpenAsync(IReadOnlyList<WantedLane> wanted, CancellationToken cancellationToken)
    {
        await using var door = await DoorTransaction.BeginAsync(database, DoorTransaction.Brief, cancellationToken);
        Guid[] all = [.. wanted.Select(lane => lane.SubscriptionId).Distinct()];
        var free = await door.AskAsync(LockFree, cancellationToken, all) as Guid[] ?? [];
        var lanes = wanted.Where(lane => free.Contains(lane.SubscriptionId)).ToList();
        Guid[] ids = [.. lanes.Select(lane => lane.SubscriptionId)];
        string[] reasons = [.. lanes.Select(lane => LaneReasonName.Of(lane.Reason))];
        var opened = await door.AskAsync(Open, cancellationToken, ids, reasons) as Guid[] ?? [];
        var busy = free.Length < all.Length ? await door.AskAsync(SelectClosed, cancellationToken, all) as Guid[] ?? [] : [];
        if (opened.Length > 0)
        {
            await door.StampAndCommitAsync(opened, cancellationToken);
        }

        return new LanesOpened(opened, busy);
    }
}
