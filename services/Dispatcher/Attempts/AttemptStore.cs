using System.Text;
using Npgsql;
using Webhooks.Database;
using Webhooks.Database.Deliveries;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.Health;
using Webhooks.Dispatcher.Rollups;
using Webhooks.Sending;
using Webhooks.Subscriptions.Notices;

namespace Webhooks.Dispatcher.Attempts;

/// <summary>The SQL of attempts: append-only, and the claim to what follows.</summary>
internal sealed class AttemptStore(NpgsqlDataSource database, MinuteStore minutes, HealthStore health, HealthLanes lanes)
{
    // The key (delivery, number) is the claim: of two who made the same attempt, one inserts it and goes on.
    private const string Insert = """
        INSERT INTO attempts (created_at, delivery_id, number, started_at, duration_ms, outcome, status_code, error,
                              request_url, request_headers, response_headers, response_body, next_attempt_at, trace_id)
        SELECT * FROM unnest($1::timestamptz[], $2::uuid[], $3::int[], $4::timestamptz[], $5::int[], $6::text[], $7::int[], $8::text[],
                             $9::text[], $10::text[], $11::text[], $12::bytea[], $13::timestamptz[], $14::text[])
            AS attempt (created_at, delivery_id, number, started_at, duration_ms, outcome, status_code, error,
                        request_url, request_headers, response_headers, response_body, next_attempt_at, trace_id)
        ORDER BY created_at, delivery_id, number
        ON CONFLICT (created_at, delivery_id, number) DO NOTHING
        RETURNING delivery_id, number
        """;

    // What is in a lane stays there until it has ended, whoever made the attempt.
    // A canceled delivery whose last attempt was already on the wire may still turn out delivered; nothing else leaves a final status.
    private static readonly string MoveOn = $"""
        UPDATE deliveries AS delivery
        SET status = step.status, last_attempt = step.number, next_attempt_at = step.next_attempt_at, owed_times = NULL,
            due_at = CASE WHEN delivery.lane_due_at IS NULL THEN step.due_at END,
            lane_due_at = CASE WHEN delivery.lane_due_at IS NOT NULL THEN step.next_attempt_at END,
            finished_at = CASE step.status WHEN 'pending' THEN NULL ELSE step.finished_at END, held = step.held
        FROM {KeyLookup.Keys("unnest($1::timestamptz[], $2::uuid[], $5::int[], $6::text[], $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::interval[])")}
            AS step (created_at, id, number, status, next_attempt_at, due_at, finished_at, held)
        WHERE delivery.created_at = step.created_at AND delivery.id = step.id AND {KeyLookup.Within("delivery.created_at", "$3", "$4")}
          AND (delivery.status = 'pending' OR (delivery.status = 'canceled' AND step.status = 'delivered'))
        RETURNING delivery.id
        """;

    /// <summary>Where the receiver was that said in this attempt that it is gone; null: it did not.</summary>
    public async Task<string?> FindGoneAsync(DeliveryRow delivery, int number, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT request_url FROM attempts WHERE created_at = $1 AND delivery_id = $2 AND number = $3 AND outcome = $4");
        command.Parameters.AddWithValue(delivery.CreatedAt.UtcDateTime);
        command.Parameters.AddWithValue(delivery.Id);
        command.Parameters.AddWithValue(number);
        command.Parameters.AddWithValue(AttemptOutcome.Gone.ToWireName());
        return await command.ExecuteScalarAsync(cancellationToken) as string;
    }

    /// <summary>
    /// Records attempts, moves their deliveries on, counts both, tells what failed and what that says of the receivers, in one
    /// transaction. Answers, for each attempt, whether this call made the claim.
    /// </summary>
    public async Task<bool[]> RecordAsync(IReadOnlyList<FinishedAttempt> attempts, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var (claimed, changes) = await AddAsync(connection, attempts, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        lanes.Open(changes);
        return claimed;
    }

    /// <summary>The same within somebody's transaction; answers also what it makes of the receivers' health.</summary>
    public async Task<(bool[] Claimed, IReadOnlyList<ChangedHealth> Changes)> AddAsync(
        NpgsqlConnection connection, IReadOnlyList<FinishedAttempt> attempts, CancellationToken cancellationToken)
    {
        var claims = await InsertAsync(connection, attempts, cancellationToken);
        var claimed = new bool[attempts.Count];
        IReadOnlyList<ChangedHealth> changes = [];
        for (var attempt = 0; attempt < claimed.Length; attempt++)
        {
            // Removed, so that of two records of the same attempt in one group only the first counts.
            claimed[attempt] = claims.Remove((attempts[attempt].Delivery.Id, attempts[attempt].Number));
        }

        if (attempts.Where((_, attempt) => claimed[attempt]).ToList() is { Count: > 0 } ours)
        {
            var moved = await MoveOnAsync(connection, ours, cancellationToken);
            await TellAsync(connection, ours, moved, cancellationToken);
            await minutes.AddAsync(connection, MinuteCounts.Of(ours, moved), cancellationToken);
            // Last, because all who send to a receiver that fails wait for its row until the commit.
            changes = await health.AddAsync(connection, HealthGroup.Of(ours), cancellationToken);
        }

        return (claimed, changes);
    }

    private static async Task<HashSet<(Guid, int)>> InsertAsync(
        NpgsqlConnection connection, IReadOnlyList<FinishedAttempt> attempts, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Insert, connection);
        var columns = new Columns<FinishedAttempt>(command.Parameters, attempts);
        columns.Add(attempt => attempt.Delivery.CreatedAt.UtcDateTime);
        columns.Add(attempt => attempt.Delivery.Id);
        columns.Add(attempt => attempt.Number);
        columns.Add(attempt => attempt.Result.StartedAt.UtcDateTime);
        columns.Add(attempt => (int)attempt.Result.Duration.TotalMilliseconds);
        columns.Add(attempt => attempt.Result.Outcome.ToWireName());
        columns.Add(attempt => attempt.Result.StatusCode);
        columns.Add(attempt => attempt.Result.Error);
        columns.Add(attempt => attempt.Request.Url);
        columns.Add(attempt => Lines(attempt.Request.ShownHeaders));
        columns.Add(attempt => attempt.Result.StatusCode is null ? null : Lines(attempt.Result.ResponseHeaders));
        columns.Add(attempt => attempt.Result.ResponseBody);
        columns.Add(attempt => attempt.NextAttemptAt?.UtcDateTime);
        columns.Add(attempt => attempt.TraceId);

        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var claims = new HashSet<(Guid, int)>(attempts.Count);
        while (await reader.ReadAsync(cancellationToken))
        {
            claims.Add((reader.GetGuid(0), reader.GetInt32(1)));
        }

        return claims;
    }

    private static async Task<HashSet<Guid>> MoveOnAsync(
        NpgsqlConnection connection, IReadOnlyList<FinishedAttempt> claimed, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(MoveOn, connection);
        var columns = KeyColumns.Add(command.Parameters, claimed, attempt => new DeliveryKey(attempt.Delivery.CreatedAt, attempt.Delivery.Id));
        columns.Add(attempt => attempt.Number);
        columns.Add(attempt => attempt.Next.Status);
        columns.Add(attempt => attempt.NextAttemptAt?.UtcDateTime);
        columns.Add(attempt => attempt.DueAt?.UtcDateTime);
        columns.Add(attempt => attempt.FinishedAt.UtcDateTime);
        columns.Add(attempt => attempt.Delivery.Held);

        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var moved = new HashSet<Guid>(claimed.Count);
        while (await reader.ReadAsync(cancellationToken))
        {
            moved.Add(reader.GetGuid(0));
        }

        return moved;
    }

    /// <summary>No statement unless something failed. A delivery that was canceled meanwhile was not moved on, and so did not fail.</summary>
    private static async Task TellAsync(
        NpgsqlConnection connection, IEnumerable<FinishedAttempt> claimed, HashSet<Guid> moved, CancellationToken cancellationToken)
    {
        if (claimed.Where(attempt => FailureNotice.IsDue(attempt) && moved.Contains(attempt.Delivery.Id)).Select(FailureNotice.Of).ToList() is { Count: > 0 } notices)
        {
            await NoticeInsert.RunAsync(connection, notices, cancellationToken);
        }
    }

    private static string Lines(IEnumerable<KeyValuePair<string, string>> headers)
    {
        var lines = new StringBuilder();
        foreach (var (name, value) in headers)
        {
            // PostgreSQL's text has no NUL, and a line must stay one line.
            lines.Append(name).Append(": ").Append(value.ReplaceLineEndings(" ").Replace('\0', ' ')).Append('\n');
        }

        return lines.ToString();
    }
}
