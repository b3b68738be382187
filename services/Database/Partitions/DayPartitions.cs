using Npgsql;

namespace Webhooks.Database.Partitions;

/// <summary>Creates the day partitions of events, deliveries and attempts ahead of need.</summary>
public sealed class DayPartitions(NpgsqlDataSource database, TimeProvider clock)
{
    /// <summary>A week ahead: a fleet whose keepers all stood still over a long holiday still has somewhere to write.</summary>
    public const int DaysAhead = 7;

    // Creating a partition takes locks on its parent; one keeper at a time is enough.
    private const long LockKey = 0x5745_4248_5041_5254;

    /// <summary>Ensures yesterday (for clocks that differ), today and the days ahead. Safe to repeat and to race.</summary>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            """
            SELECT pg_advisory_xact_lock($1);
            """, connection, transaction) { Parameters = { new() { Value = LockKey } } };
        await command.ExecuteNonQueryAsync(cancellationToken);

        for (var day = today.AddDays(-1); day <= today.AddDays(DaysAhead); day = day.AddDays(1))
        {
            await using var ensure = new NpgsqlCommand("SELECT ensure_day_partitions($1)", connection, transaction) { Parameters = { new() { Value = day } } };
            await ensure.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }
}
