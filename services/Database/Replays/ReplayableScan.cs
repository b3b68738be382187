using Npgsql;
using Webhooks.Database.Deliveries;

namespace Webhooks.Database.Replays;

/// <summary>
/// The SQL that finds what is to be replayed, oldest first: what ended as asked, whose event is kept, whose subscription
/// takes deliveries, and of several deliveries of an event to a subscription the newest. Counting and replaying ask the
/// same, so that a preview tells the truth.
/// </summary>
public static class ReplayableScan
{
    /// <summary>How many rows one statement looks at: some milliseconds of work.</summary>
    public const int Length = 5_000;

    private const string Moment = "coalesce(original.event_created_at, original.created_at)";

    /// <summary>The first of those that are to be replayed, as <see cref="Read"/> reads them.</summary>
    public static NpgsqlBatchCommand Select(ReplaySelection selection, DeliveryKey? after, int limit)
    {
        var command = new NpgsqlBatchCommand();
        command.CommandText =
            $"""
            SELECT original.id, original.created_at, {Moment}, original.tenant_id, original.event_id, original.event_type,
                   original.subscription_id, subscription.revision
            {From(command.Parameters, selection, after)} ORDER BY original.created_at, original.id
            """;
        // A parameter: it differs from time to time, and each statement is prepared but once.
        command.Parameters.Add(new NpgsqlParameter { Value = limit });
        command.CommandText += $" LIMIT ${command.Parameters.Count}";
        return command;
    }

    /// <summary>How many there are among the next <see cref="Length"/> rows.</summary>
    public static NpgsqlBatchCommand Count(ReplaySelection selection, DeliveryKey? after)
    {
        var command = new NpgsqlBatchCommand();
        command.CommandText = $"SELECT count(*) {From(command.Parameters, selection, after)}";
        return command;
    }

    /// <summary>Where the next <see cref="Length"/> rows end; no row when there are fewer, and nothing lies behind them.</summary>
    public static NpgsqlBatchCommand End(ReplaySelection selection, DeliveryKey? after)
    {
        ArgumentNullException.ThrowIfNull(selection);
        var command = new NpgsqlBatchCommand();
        var scan = DeliveryScan.Of(command.Parameters, selection.Deliveries, after, DeliveryScan.Forward, Length);
        command.CommandText = $"SELECT created_at, id FROM {scan} AS scanned ORDER BY {DeliveryScan.Forward} OFFSET {Length - 1} LIMIT 1";
        return command;
    }

    public static Replayable Read(NpgsqlDataReader row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return new Replayable
        {
            Original = new DeliveryKey(row.GetFieldValue<DateTimeOffset>(1), row.GetGuid(0)),
            EventCreatedAt = row.GetFieldValue<DateTimeOffset>(2),
            TenantId = row.GetString(3),
            EventId = row.GetString(4),
            EventType = row.GetString(5),
            SubscriptionId = row.GetGuid(6),
            Revision = row.GetInt32(7),
        };
    }

    private static string From(NpgsqlParameterCollection parameters, ReplaySelection selection, DeliveryKey? after)
    {
        ArgumentNullException.ThrowIfNull(selection);
        var scan = DeliveryScan.Of(parameters, selection.Deliveries, after, DeliveryScan.Forward, Length);
        var conditions = new Conditions(parameters);
        // One value, an array: without the cast each element would be one.
        conditions.Add("original.status = ANY ", (object)selection.Statuses.ToArray());
        var statuses = $"${parameters.Count}";
        conditions.Add("original.event_type = ", selection.Type);
        conditions.Add(
            $"""
            EXISTS (SELECT 1 FROM events AS event
                    WHERE event.created_at = {Moment} AND event.tenant_id = original.tenant_id AND event.event_id = original.event_id)
            """);
        parameters.Add(new NpgsqlParameter { Value = selection.Deliveries.Until!.Value });
        var recovered = selection.Recovers ? "OR newer.status IN ('pending', 'delivered')" : "";
        conditions.Add(
            $"""
            NOT EXISTS (SELECT 1 FROM deliveries AS newer
                        WHERE newer.event_created_at = {Moment} AND newer.created_at > original.created_at
                          AND newer.event_id = original.event_id AND newer.tenant_id = original.tenant_id
                          AND newer.subscription_id = original.subscription_id
                          AND ((newer.status = ANY ({statuses}) AND newer.created_at < ${parameters.Count}) {recovered}))
            """);
        return $"""
            FROM {scan} AS original
            JOIN subscriptions AS subscription ON subscription.id = original.subscription_id
                 AND subscription.state <> 'disabled' AND subscription.deleted_at IS NULL
            {conditions.Where}
            """;
    }
}
