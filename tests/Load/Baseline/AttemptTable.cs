using Npgsql;

namespace Webhooks.Load.Baseline;

/// <summary>One row for each attempt, inserted when it ends: what there is to see of a webhook in the baseline.</summary>
internal sealed class AttemptTable(NpgsqlDataSource database)
{
    /// <summary>A schema of its own beside the platform's tables, emptied when the run ends.</summary>
    public const string Schema = "load_baseline";

    private const string Create = $"""
        CREATE SCHEMA IF NOT EXISTS {Schema};
        CREATE TABLE IF NOT EXISTS {Schema}.attempts (
            id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            tenant_id   text NOT NULL,
            event_id    text NOT NULL,
            url         text NOT NULL,
            number      integer NOT NULL,
            status_code integer,
            error       text,
            duration_ms integer NOT NULL,
            created_at  timestamptz NOT NULL DEFAULT now());
        CREATE INDEX IF NOT EXISTS attempts_by_event ON {Schema}.attempts (tenant_id, event_id);
        """;

    private const string Insert =
        $"INSERT INTO {Schema}.attempts (tenant_id, event_id, url, number, status_code, error, duration_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)";

    public async Task CreateAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Create);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task AddAsync(PlainEvent sent, string url, int number, int? statusCode, string? error, TimeSpan duration, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Insert);
        command.Parameters.AddWithValue(sent.TenantId);
        command.Parameters.AddWithValue(sent.Id);
        command.Parameters.AddWithValue(url);
        command.Parameters.AddWithValue(number);
        command.Parameters.Add(new NpgsqlParameter<int?> { TypedValue = statusCode });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = error });
        command.Parameters.AddWithValue((int)duration.TotalMilliseconds);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
