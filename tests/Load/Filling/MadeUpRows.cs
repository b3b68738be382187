using Npgsql;
using Webhooks.Load.Measuring;
using Webhooks.Load.Running;

namespace Webhooks.Load.Filling;

/// <summary>
/// Events, their keys, ten deliveries of each and an attempt of each delivery, as the services leave them, made up by the database.
/// What is measured afterwards is never the making.
/// </summary>
internal sealed record MadeUpRows
{
    /// <summary>The deliveries of an event.</summary>
    public const int Fanout = 10;

    // Ids carry their moment, as the services' own do. The body is what the run's events have.
    private const string Insert = """
        WITH event AS MATERIALIZED (
            SELECT $1 || number AS event_id, $3::timestamptz + number * $4::interval AS created_at FROM generate_series(0, $2 - 1) AS number
        ), key AS (
            INSERT INTO event_keys (tenant_id, event_id, created_at) SELECT $5, event_id, created_at FROM event
        ), body AS (
            INSERT INTO events (created_at, tenant_id, event_id, type, occurred_at, version, context_id, data, metadata, correlation_id)
            SELECT created_at, $5, event_id, $6, '2024-01-20T10:30:00Z', '1.0', 'ctx_abc123', $7, convert_to('{"source":"matching_engine"}', 'UTF8'), 'req_' || event_id FROM event
        ), made AS (
            INSERT INTO deliveries (created_at, id, tenant_id, event_id, event_type, subscription_id, revision, status, last_attempt, due_at, finished_at)
            SELECT created_at,
                   (lpad(to_hex((extract(epoch FROM created_at) * 1000)::bigint), 12, '0') || '7' || substr(translate(gen_random_uuid()::text, '-', ''), 14))::uuid,
                   $5, event_id, $6, subscription_id, 1, $9, 1, $10, CASE WHEN $10 IS NULL THEN created_at + interval '20 milliseconds' END
            FROM event, unnest($8::uuid[]) AS subscription_id
            RETURNING created_at, id
        )
        INSERT INTO attempts (created_at, delivery_id, number, started_at, duration_ms, outcome, status_code, request_url, request_headers, response_headers, response_body, next_attempt_at)
        SELECT created_at, id, 1, created_at, 20, $11, $12, 'https://hooks.example.com/receive/' || id,
               E'Content-Type: application/json\nUser-Agent: Webhooks/1.0\nX-Matcher-Timestamp: 1705746600\nX-Matcher-Signature: sha256=' || repeat('0', 64) || E'\n',
               E'Content-Length: 2\nDate: Sat, 20 Jan 2024 10:30:00 GMT\n', 'ok'::bytea, $10
        FROM made
        """;

    public required string EventPrefix { get; init; }

    public required int Events { get; init; }

    /// <summary>When the first event was accepted.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>Between two events; at least a microsecond.</summary>
    public required TimeSpan Step { get; init; }

    public required string TenantId { get; init; }

    public required string EventType { get; init; }

    /// <summary>Who each event goes to.</summary>
    public required Guid[] Subscriptions { get; init; }

    /// <summary>Of each event.</summary>
    public required byte[] Data { get; init; }

    /// <summary>Null: the first attempts delivered. Otherwise they failed, and the deliveries wait for the second until then.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    /// <summary>For statements that take minutes on a slow disk.</summary>
    public static NpgsqlDataSource Open(RunningSystem system) => NpgsqlDataSource.Create(system.Postgres + ";Command Timeout=600");

    /// <summary>What the database would do about so many new rows by itself, it would do while we measure.</summary>
    public static async Task AnalyzeAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var vacuum = database.CreateCommand("VACUUM (ANALYZE) event_keys, events, deliveries, attempts");
        await vacuum.ExecuteNonQueryAsync(cancellationToken);
        try
        {
            await using var checkpoint = database.CreateCommand("CHECKPOINT");
            await checkpoint.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            Progress.Tell("a checkpoint is not ours to ask for here: one may fall into the measurement");
        }
    }

    /// <summary>All of them in one transaction.</summary>
    public async Task InsertAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Insert);
        command.Parameters.AddWithValue(EventPrefix);
        command.Parameters.AddWithValue(Events);
        command.Parameters.AddWithValue(From.UtcDateTime);
        command.Parameters.AddWithValue(Step);
        command.Parameters.AddWithValue(TenantId);
        command.Parameters.AddWithValue(EventType);
        command.Parameters.AddWithValue(Data);
        command.Parameters.AddWithValue(Subscriptions);
        command.Parameters.AddWithValue(RetryAt is null ? "delivered" : "pending");
        command.Parameters.Add(new NpgsqlParameter<DateTime?> { TypedValue = RetryAt?.UtcDateTime, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.TimestampTz });
        command.Parameters.AddWithValue(RetryAt is null ? "succeeded" : "server_error");
        command.Parameters.AddWithValue(RetryAt is null ? 200 : 503);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
