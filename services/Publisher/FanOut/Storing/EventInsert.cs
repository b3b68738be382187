using Npgsql;
using Webhooks.Database;

namespace Webhooks.Publisher.FanOut.Storing;

/// <summary>The SQL of events' rows.</summary>
internal static class EventInsert
{
    private const string Insert = """
        INSERT INTO events (created_at, tenant_id, event_id, type, occurred_at, version, context_id, data, metadata, correlation_id, traceparent)
        SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[], $9::bytea[], $10::text[], $11::text[])
        """;

    public static async Task RunAsync(NpgsqlConnection connection, IReadOnlyList<NewEvent> events, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Insert, connection);
        var columns = new Columns<NewEvent>(command.Parameters, events);
        columns.Add(accepted => accepted.CreatedAt.UtcDateTime);
        columns.Add(accepted => accepted.Event.TenantId);
        columns.Add(accepted => accepted.Event.Id);
        columns.Add(accepted => accepted.Event.Type);
        columns.Add(accepted => accepted.Event.AcceptedAt(accepted.CreatedAt).Timestamp);
        columns.Add(accepted => accepted.Event.Version);
        columns.Add(accepted => accepted.Event.ContextId);
        columns.Add(accepted => accepted.Event.Data.ToArray());
        columns.Add(accepted => accepted.Event.Metadata?.ToArray());
        columns.Add(accepted => accepted.Event.CorrelationId);
        columns.Add(accepted => accepted.Event.Traceparent);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
