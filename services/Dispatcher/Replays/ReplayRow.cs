using Npgsql;
using Webhooks.Database;
using Webhooks.Database.Deliveries;
using Webhooks.Database.Replays;

namespace Webhooks.Dispatcher.Replays;

/// <summary>Reads a replay out of the row that was locked; the one place that knows the columns' order.</summary>
internal static class ReplayRow
{
    public static RunningReplay Read(NpgsqlDataReader row, Guid id) => new()
    {
        Id = id,
        Selection = new ReplaySelection(
            new DeliverySelection
            {
                TenantId = row.TextOrNull(0),
                SubscriptionId = row.IsDBNull(1) ? null : row.GetGuid(1),
                EventId = row.TextOrNull(2),
                EventMoments = row.IsDBNull(3) ? null : [.. row.GetFieldValue<DateTime[]>(3).Select(moment => new DateTimeOffset(moment))],
                Since = row.TimeOrNull(6),
                Until = row.TimeOrNull(7),
            },
            row.TextOrNull(4),
            row.GetFieldValue<string[]>(5),
            row.GetBoolean(8)),
        Pace = new ReplayPace(row.IsDBNull(9) ? null : row.GetDouble(9), row.TimeOrNull(10)),
        Matched = row.GetInt64(11),
        Done = row.GetInt64(12),
        IsCounted = row.GetBoolean(13),
        CountedTo = Key(row, 14),
        ReplayedTo = Key(row, 16),
        IsObsolete = row.GetBoolean(18),
        Now = row.GetFieldValue<DateTimeOffset>(19),
    };

    private static DeliveryKey? Key(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : new DeliveryKey(row.GetFieldValue<DateTimeOffset>(column), row.GetGuid(column + 1));
}
