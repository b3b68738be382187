using Npgsql;
using Webhooks.Subscriptions.Lanes;

namespace Webhooks.Dispatcher.Lanes.Doors;

/// <summary>A lane that is to be opened for a reason that is no setting of the subscription's.</summary>
internal readonly record struct WantedLane(Guid SubscriptionId, LaneReason Reason);

/// <summary>The SQL by which dispatchers open lanes.</summary>
internal sealed class LaneOpeningStore(NpgsqlDataSource database)
{
    // Those that are open stay as they are. Waits for whoever is closing one at this moment.
    private const string Open = """
        WITH opened AS (
            INSERT INTO lanes (subscription_id, reason)
            SELECT id, reason FROM subscriptions JOIN unnest($1::uuid[], $2::text[]) AS wanted (id, reason) USING (id) ORDER BY id
            ON CONFLICT (subscription_id) DO NOTHING
            RETURNING subscription_id
        )
        SELECT array_agg(subscription_id) FROM opened
        """;

    /// <summary>Opens lanes in one transaction. Answers whose were opened: not those that were open, or whose subscription there is not.</summary>
    public async Task<IReadOnlyCollection<Guid>> OpenAsync(IReadOnlyList<WantedLane> wanted, CancellationToken cancellationToken)
    {
        Guid[] ids = [.. wanted.Select(lane => lane.SubscriptionId)];
        string[] reasons = [.. wanted.Select(lane => LaneReasonName.Of(lane.Reason))];
        await using var door = await DoorTransaction.BeginAsync(database, DoorTransaction.Brief, ids, cancellationToken);
        if (door.Version is null || await door.AskAsync(Open, cancellationToken, ids, reasons) is not Guid[] opened)
        {
            return [];
        }

        await door.StampAndCommitAsync(opened, cancellationToken);
        return opened;
    }
}
