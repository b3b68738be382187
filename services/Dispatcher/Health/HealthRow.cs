using Npgsql;
using Webhooks.Database;
using Webhooks.Subscriptions.Health;

namespace Webhooks.Dispatcher.Health;

/// <summary>A health row's columns after its key; the one place that knows their order.</summary>
internal static class HealthRow
{
    public const string Columns = """
        state, reason, unsuccessful, unsuccessful_since, last_failure_at, last_success_at,
        failures, failing_since, opened_at, closed_at, probe_at, wait, allowance, throttled_until, reopened_at
        """;

    /// <param name="row">Where the key is the first column, and <see cref="Columns"/> follow.</param>
    public static EndpointHealth Read(NpgsqlDataReader row) => new()
    {
        State = HealthStateNames.Parse(row.GetString(1)),
        Reason = row.TextOrNull(2),
        Unsuccessful = row.GetInt32(3),
        UnsuccessfulSince = row.TimeOrNull(4),
        LastFailureAt = row.TimeOrNull(5),
        LastSuccessAt = row.TimeOrNull(6),
        Failures = row.GetInt32(7),
        FailingSince = row.TimeOrNull(8),
        OpenedAt = row.TimeOrNull(9),
        ClosedAt = row.TimeOrNull(10),
        ProbeAt = row.TimeOrNull(11),
        Wait = row.IsDBNull(12) ? null : row.GetFieldValue<TimeSpan>(12),
        Allowance = row.GetInt32(13),
        ThrottledUntil = row.TimeOrNull(14),
        ReopenedAt = row.TimeOrNull(15),
    };

    public static void Add<TRow>(Columns<TRow> columns, Func<TRow, EndpointHealth> of)
    {
        columns.Add(row => of(row).State.ToWireName());
        columns.Add(row => of(row).Reason);
        columns.Add(row => of(row).Unsuccessful);
        columns.Add(row => of(row).UnsuccessfulSince?.UtcDateTime);
        columns.Add(row => of(row).LastFailureAt?.UtcDateTime);
        columns.Add(row => of(row).LastSuccessAt?.UtcDateTime);
        columns.Add(row => of(row).Failures);
        columns.Add(row => of(row).FailingSince?.UtcDateTime);
        columns.Add(row => of(row).OpenedAt?.UtcDateTime);
        columns.Add(row => of(row).ClosedAt?.UtcDateTime);
        columns.Add(row => of(row).ProbeAt?.UtcDateTime);
        columns.Add(row => of(row).Wait);
        columns.Add(row => of(row).Allowance);
        columns.Add(row => of(row).ThrottledUntil?.UtcDateTime);
        columns.Add(row => of(row).ReopenedAt?.UtcDateTime);
    }
}
