using Npgsql;

namespace Webhooks.Dispatcher.Tests;

/// <summary>An attempt as its row has it.</summary>
public sealed record RecordedAttempt(
    Guid DeliveryId, int Number, DateTimeOffset StartedAt, TimeSpan Duration, string Outcome, int? StatusCode, string? Error,
    string Url, string RequestHeaders, string? ResponseHeaders, byte[]? ResponseBody, DateTimeOffset? NextAttemptAt)
{
    public DateTimeOffset EndedAt => StartedAt + Duration;

    /// <summary>All there are, each delivery's in their order.</summary>
    public static async Task<IReadOnlyList<RecordedAttempt>> AllAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand(
            """
            SELECT delivery_id, number, started_at, duration_ms, outcome, status_code, error,
                   request_url, request_headers, response_headers, response_body, next_attempt_at
            FROM attempts ORDER BY created_at, delivery_id, number
            """);
        await using var row = await command.ExecuteReaderAsync();
        var attempts = new List<RecordedAttempt>();
        while (await row.ReadAsync())
        {
            attempts.Add(new RecordedAttempt(
                row.GetGuid(0), row.GetInt32(1), row.GetFieldValue<DateTimeOffset>(2), TimeSpan.FromMilliseconds(row.GetInt32(3)), row.GetString(4),
                row.IsDBNull(5) ? null : row.GetInt32(5), row.IsDBNull(6) ? null : row.GetString(6), row.GetString(7), row.GetString(8),
                row.IsDBNull(9) ? null : row.GetString(9), row.IsDBNull(10) ? null : row.GetFieldValue<byte[]>(10),
                row.IsDBNull(11) ? null : row.GetFieldValue<DateTimeOffset>(11)));
        }

        return attempts;
    }
}
