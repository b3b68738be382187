using Npgsql;

namespace Webhooks.Database.Partitions;

/// <summary>Creates the day partitions of events, deliveries and attempts ahead of need.</summary>
public sealed class DayPartitions(NpgsqlDataSource database, TimeProvider clock)
{
    /// <summary>A week ahead: a fleet whose keepers all stood still over a long holiday still has somewhere to write.</summary>
    public const int DaysAhead = 7;

    private static readonly string[] Tables = ["events", "deliveries", "attempts"];

    /// <summary>Ensures yesterday (for clocks that differ), today and the days ahead. Safe to repeat and to race.</summary>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        for (var day = today.AddDays(-1); day <= today.AddDays(DaysAhead); day = day.AddDays(1))
        {
            foreach (var table in Tables)
            {
                // A transaction each: none of them locks more than one table, and that against no reader and no writer.
                await using var ensure = new NpgsqlCommand("SELECT ensure_day_partition($1, $2)", connection)
                {
                    Parameters = { new() { Value = table }, new() { Value = day } },
                };
                await ensure.ExecuteNonQueryAsync(cancellationToken);
            }
        }
    }
}
