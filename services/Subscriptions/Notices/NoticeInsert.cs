using Npgsql;
using Webhooks.Contracts;
using Webhooks.Database;

namespace Webhooks.Subscriptions.Notices;

/// <summary>The statements that write notices; each runs in the transaction of what it tells.</summary>
public static class NoticeInsert
{
    /// <summary>
    /// A common table expression that tells of a disabling, over the <c>version</c> of its change; takes the parameters of
    /// <see cref="AddDisabled"/>.
    /// </summary>
    /// <param name="firstParameter">The number of the first of them.</param>
    internal static string Disabled(int firstParameter) =>
        $"""
        notice AS (
            INSERT INTO notices (id, tenant_id, type, occurred_at, data)
            SELECT ${firstParameter} || version.value, ${firstParameter + 1}, '{NotificationTypes.SubscriptionDisabled}', version.at, ${firstParameter + 2} FROM version
        )
        """;

    internal static void AddDisabled(NpgsqlParameterCollection parameters, Subscription disabled)
    {
        var id = PrefixedId.Format(PrefixedId.Subscription, disabled.Id);
        // It may happen again, so the change's version is part of the id.
        parameters.Add(new() { Value = Notice.IdOf(id, "disabled_") });
        parameters.Add(new() { Value = disabled.TenantId });
        parameters.Add(new() { Value = new NoticeData().Add("subscription_id", id).Add("reason", disabled.DisabledReason ?? "requested").ToBytes() });
    }

    /// <summary>Writes notices, to be told in this order.</summary>
    public static async Task RunAsync(NpgsqlConnection connection, IReadOnlyList<Notice> notices, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            INSERT INTO notices (id, tenant_id, type, occurred_at, data, traceparent)
            SELECT id, tenant_id, type, occurred_at, data, traceparent
            FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::bytea[], $6::text[]) WITH ORDINALITY
                AS notice (id, tenant_id, type, occurred_at, data, traceparent, place)
            ORDER BY place
            """,
            connection);
        var columns = new Columns<Notice>(command.Parameters, notices);
        columns.Add(notice => notice.Id);
        columns.Add(notice => notice.TenantId);
        columns.Add(notice => notice.Type);
        columns.Add(notice => notice.OccurredAt.UtcDateTime);
        columns.Add(notice => notice.Data);
        columns.Add(notice => notice.Traceparent);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
