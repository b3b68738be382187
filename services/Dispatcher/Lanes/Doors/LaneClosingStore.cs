using Microsoft.Extensions.Logging;
using Npgsql;
using Webhooks.Database;
using Webhooks.Database.Deliveries;

namespace Webhooks.Dispatcher.Lanes.Doors;

/// <summary>The SQL by which a lane's holder closes it.</summary>
internal sealed partial class LaneClosingStore(NpgsqlDataSource database, ILogger<LaneClosingStore> logger)
{
    // What a closing may turn out in its transaction, while a publisher may wait for it.
    private const int MostTurnedOut = 500;

    // Publishers wait for the lane meanwhile.
    private const string BriefAndSoon = $"{DoorTransaction.Brief}, set_config('lock_timeout', '1s', true)";

    // Nobody changes it, nor opens its lane, meanwhile.
    private const string LockSubscription = "SELECT config_version FROM subscriptions WHERE id = $1 FOR NO KEY UPDATE";

    // The publishers and dispatchers that hold the row have committed, or wait.
    private const string LockLane = "SELECT 1 FROM lanes WHERE subscription_id = $1 AND fence = $2 AND holder = $3 FOR UPDATE";

    private const string SelectLeft = """
        SELECT created_at, id, lane_due_at <= clock_timestamp() FROM deliveries
        WHERE subscription_id = $1 AND lane_due_at IS NOT NULL ORDER BY lane_due_at, seq LIMIT $2
        """;

    // What is due gets a time of its own: the due-poller, about to clear one that it announced before the row came into the
    // lane, would clear the same one.
    private static readonly string TurnOut = $"""
        UPDATE deliveries AS delivery SET due_at = greatest(delivery.lane_due_at, clock_timestamp()), lane_due_at = NULL
        FROM {KeyLookup.Keys("unnest($1::timestamptz[], $2::uuid[])")} AS left_over (created_at, id)
        WHERE delivery.created_at = left_over.created_at AND delivery.id = left_over.id
          AND {KeyLookup.Within("delivery.created_at", "$3", "$4")} AND delivery.lane_due_at IS NOT NULL
        """;

    private const string DeleteLane = "DELETE FROM lanes WHERE subscription_id = $1";

    /// <summary>
    /// Closes a lane; the few deliveries that are in it are left to the due-poller. False: it stays open, because it is not this
    /// dispatcher's any more, or the subscription was changed and may need it, or others held what it needs for too long, or there
    /// are more than a few. Of those, when none is due, one more than a few are left to the due-poller at each call.
    /// </summary>
    /// <param name="lane">Held, with nothing in flight.</param>
    /// <param name="decidedOn">The subscription's configuration version by which the lane is not needed.</param>
    public async Task<bool> CloseAsync(HeldLane lane, long decidedOn, CancellationToken cancellationToken)
    {
        try
        {
            return await TryCloseAsync(lane, decidedOn, cancellationToken);
        }
        catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            // No outage: the lane is served on, and closed another time.
            return false;
        }
    }

    private async Task<bool> TryCloseAsync(HeldLane lane, long decidedOn, CancellationToken cancellationToken)
    {
        await using var door = await DoorTransaction.BeginAsync(database, BriefAndSoon, cancellationToken);
        if (await door.AskAsync(LockSubscription, cancellationToken, lane.SubscriptionId) is not long version || version != decidedOn
            || await door.AskAsync(LockLane, cancellationToken, lane.SubscriptionId, lane.Fence, lane.LeaseId) is null)
        {
            return false;
        }

        var (left, isAnyDue) = await FindLeftAsync(door.Connection, lane.SubscriptionId, cancellationToken);
        var isAll = left.Count <= MostTurnedOut;
        if (isAnyDue && !isAll)
        {
            return false;
        }

        // Of many that are due later, some at each try: none of them is lost outside, where the due-poller has it.
        await TurnOutAsync(door.Connection, left, cancellationToken);
        if (!isAll)
        {
            await door.CommitAsync(cancellationToken);
            return false;
        }

        await door.AskAsync(DeleteLane, cancellationToken, lane.SubscriptionId);
        await door.StampAndCommitAsync([lane.SubscriptionId], cancellationToken);
        Log.Closed(logger, lane.SubscriptionId, lane.Fence, left.Count);
        return true;
    }

    /// <summary>What is in the lane, in its order, up to one more than may be turned out; whether any of those is due.</summary>
    private static async Task<(List<DeliveryKey> Left, bool IsAnyDue)> FindLeftAsync(
        NpgsqlConnection connection, Guid subscriptionId, CancellationToken cancellationToken)
    {
        await using var select = new NpgsqlCommand(SelectLeft, connection)
        {
            Parameters = { new() { Value = subscriptionId }, new() { Value = MostTurnedOut + 1 } },
        };
        await using var row = await select.ExecuteReaderAsync(cancellationToken);
        var left = new List<DeliveryKey>();
        var isAnyDue = false;
        while (await row.ReadAsync(cancellationToken))
        {
            left.Add(new DeliveryKey(row.GetFieldValue<DateTimeOffset>(0), row.GetGuid(1)));
            isAnyDue |= row.GetBoolean(2);
        }

        return (left, isAnyDue);
    }

    private static async Task TurnOutAsync(NpgsqlConnection connection, List<DeliveryKey> left, CancellationToken cancellationToken)
    {
        if (left.Count == 0)
        {
            return;
        }

        await using var update = new NpgsqlCommand(TurnOut, connection);
        KeyColumns.Add(update.Parameters, left, key => key);
        await update.ExecuteNonQueryAsync(cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information,
            "The lane of subscription sub_{SubscriptionId:N} is closed (fence {Fence}); {Deliveries} deliveries are left to the due-poller")]
        public static partial void Closed(ILogger logger, Guid subscriptionId, long fence, int deliveries);
    }
}
