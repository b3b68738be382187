using Microsoft.Extensions.Logging;
using Npgsql;
using Webhooks.Database;
using Webhooks.Database.Deliveries;
using Webhooks.Subscriptions.Lanes;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Dispatcher.Lanes;

/// <summary>
/// The SQL by which dispatchers open and close lanes. Both lock the subscription's row before the lane's, as a change of the
/// subscription does, and stamp it with the next configuration version: that is how every cache learns of it.
/// </summary>
internal sealed partial class LaneDoor(NpgsqlDataSource database, ILogger<LaneDoor> logger)
{
    // What a closing may turn out in its transaction, while a publisher may wait for it.
    private const int MostTurnedOut = 500;

    // Who stands still here holds the lane, and after the stamp the fleet's configuration: the database lets both go.
    private const string Brief = "SELECT set_config('idle_in_transaction_session_timeout', '2s', true)";

    // Publishers wait for the lane meanwhile.
    private const string BriefAndSoon = $"{Brief}, set_config('lock_timeout', '1s', true)";

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

    private const string Stamp = $"""
        WITH {ConfigVersion.Next}
        UPDATE subscriptions SET config_version = version.value FROM version WHERE id = $1
        RETURNING {ConfigVersion.Notify}
        """;

    /// <summary>
    /// Opens a lane for a reason that is no setting of the subscription's. False: it was open, or there is no such subscription.
    /// </summary>
    public async Task<bool> OpenAsync(Guid subscriptionId, LaneReason reason, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await AskAsync(connection, Brief, cancellationToken);
        if (await AskAsync(connection, LockSubscription, cancellationToken, subscriptionId) is null)
        {
            return false;
        }

        await using var open = new NpgsqlBatch(connection) { BatchCommands = { LaneStatements.Open(subscriptionId, reason) } };
        if (await open.ExecuteNonQueryAsync(cancellationToken) == 0)
        {
            return false;
        }

        await AskAsync(connection, Stamp, cancellationToken, subscriptionId);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

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
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await AskAsync(connection, BriefAndSoon, cancellationToken);

        // One statement after the other: each one's snapshot is newer than the locks of those before.
        if (await AskAsync(connection, LockSubscription, cancellationToken, lane.SubscriptionId) is not long version || version != decidedOn
            || await AskAsync(connection, LockLane, cancellationToken, lane.SubscriptionId, lane.Fence, lane.LeaseId) is null)
        {
            return false;
        }

        var (left, isAnyDue, isAll) = await FindLeftAsync(connection, lane.SubscriptionId, cancellationToken);
        if (isAnyDue && !isAll)
        {
            return false;
        }

        // Of many that are due later, some at each try: none of them is lost outside, where the due-poller has it.
        await TurnOutAsync(connection, left, cancellationToken);
        if (isAll)
        {
            await AskAsync(connection, DeleteLane, cancellationToken, lane.SubscriptionId);
            await AskAsync(connection, Stamp, cancellationToken, lane.SubscriptionId);
        }

        await transaction.CommitAsync(cancellationToken);
        if (isAll)
        {
            Log.Closed(logger, lane.SubscriptionId, lane.Fence, left.Count);
        }

        return isAll;
    }

    private static async Task<object?> AskAsync(
        NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params object[] values)
    {
        await using var command = Command(connection, sql, values);
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    /// <summary>Some of what is in the lane, in its order; whether any of those is due, and whether they are all.</summary>
    private static async Task<(List<DeliveryKey> Left, bool IsAnyDue, bool IsAll)> FindLeftAsync(
        NpgsqlConnection connection, Guid subscriptionId, CancellationToken cancellationToken)
    {
        await using var select = Command(connection, SelectLeft, [subscriptionId, MostTurnedOut + 1]);
        await using var row = await select.ExecuteReaderAsync(cancellationToken);
        var left = new List<DeliveryKey>();
        var isAnyDue = false;
        while (await row.ReadAsync(cancellationToken))
        {
            left.Add(new DeliveryKey(row.GetFieldValue<DateTimeOffset>(0), row.GetGuid(1)));
            isAnyDue |= row.GetBoolean(2);
        }

        return (left, isAnyDue, left.Count <= MostTurnedOut);
    }

    private static async Task TurnOutAsync(NpgsqlConnection connection, List<DeliveryKey> left, CancellationToken cancellationToken)
    {
        if (left.Count == 0)
        {
            return;
        }

        // In the order of their keys, as whoever else changes many of them: unsorted ones wait for each other.
        var keys = left.OrderBy(key => key.CreatedAt).ThenBy(key => key.Id).ToList();
        await using var update = new NpgsqlCommand(TurnOut, connection);
        var columns = new Columns<DeliveryKey>(update.Parameters, keys);
        columns.Add(key => key.CreatedAt.UtcDateTime);
        columns.Add(key => key.Id);
        update.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = keys[0].CreatedAt.UtcDateTime });
        update.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = keys[^1].CreatedAt.UtcDateTime });
        await update.ExecuteNonQueryAsync(cancellationToken);
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, object[] values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        return command;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information,
            "The lane of subscription sub_{SubscriptionId:N} is closed (fence {Fence}); {Deliveries} deliveries are left to the due-poller")]
        public static partial void Closed(ILogger logger, Guid subscriptionId, long fence, int deliveries);
    }
}
