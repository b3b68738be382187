using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Webhooks.Dispatcher.Clocks;

namespace Webhooks.Dispatcher.Retention;

/// <summary>The SQL of what retention remembers of time.</summary>
internal sealed class RetentionClockStore(NpgsqlDataSource database, [FromKeyedServices(ClocksModule.Wall)] TimeProvider clock)
{
    private const string Seen = "retention_seen";
    private const string HeldUntil = "retention_held_until";

    private const string Select = $"""
        SELECT now(), (SELECT value FROM settings WHERE name = '{Seen}'), (SELECT value FROM settings WHERE name = '{HeldUntil}')
        """;

    private const string Update = $"""
        UPDATE settings SET value = CASE name WHEN '{Seen}' THEN $1 ELSE $2 END WHERE name IN ('{Seen}', '{HeldUntil}')
        """;

    public async Task<RetentionClocks> ReadAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Select);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        var heldUntil = row.GetInt64(2);
        return new RetentionClocks(
            clock.GetUtcNow(), row.GetFieldValue<DateTimeOffset>(0), DateTimeOffset.FromUnixTimeSeconds(row.GetInt64(1)),
            heldUntil == 0 ? null : DateTimeOffset.FromUnixTimeSeconds(heldUntil));
    }

    /// <summary>Remembers when it was looked, and until when nothing is dropped (null: nothing holds it).</summary>
    public async Task WriteAsync(DateTimeOffset seen, DateTimeOffset? heldUntil, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Update);
        command.Parameters.AddWithValue(seen.ToUnixTimeSeconds());
        command.Parameters.AddWithValue(heldUntil?.ToUnixTimeSeconds() ?? 0);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
