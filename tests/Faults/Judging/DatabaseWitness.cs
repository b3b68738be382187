using System.Globalization;
using Npgsql;
using Webhooks.Faults.Publishing;
using Webhooks.Faults.Running;

namespace Webhooks.Faults.Judging;

/// <summary>Reads what the database has of the run.</summary>
internal sealed class DatabaseWitness(string connectionString, IReadOnlyDictionary<Guid, int> subscribers) : IAsyncDisposable
{
    private readonly NpgsqlDataSource _database =
        NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, CommandTimeout = 120 });

    public async Task<IReadOnlyDictionary<string, long>> StatusesAsync()
    {
        await using var command = _database.CreateCommand("SELECT status, count(*) FROM deliveries WHERE tenant_id = $1 GROUP BY status");
        command.Parameters.AddWithValue(Subscriber.TenantId);
        await using var row = await command.ExecuteReaderAsync();
        var statuses = new Dictionary<string, long>(StringComparer.Ordinal);
        while (await row.ReadAsync())
        {
            statuses[row.GetString(0)] = row.GetInt64(1);
        }

        return statuses;
    }

    public async Task<IReadOnlyList<DeliveryRow>> DeliveriesAsync()
    {
        await using var command = _database.CreateCommand(
            """
            SELECT event_id, subscription_id, status, last_attempt, coalesce(recorded, 0), seq
            FROM deliveries AS delivery
            LEFT JOIN (SELECT created_at, delivery_id, count(*) AS recorded FROM attempts GROUP BY created_at, delivery_id) AS attempt
                ON attempt.created_at = delivery.created_at AND attempt.delivery_id = delivery.id
            WHERE tenant_id = $1
            """);
        command.Parameters.AddWithValue(Subscriber.TenantId);
        await using var row = await command.ExecuteReaderAsync();
        var deliveries = new List<DeliveryRow>();
        while (await row.ReadAsync())
        {
            var number = int.Parse(row.GetString(0).AsSpan(EventStream.IdPrefix.Length), CultureInfo.InvariantCulture);
            deliveries.Add(new DeliveryRow(
                new DeliveryKey(number, subscribers[row.GetGuid(1)]), row.GetString(2), row.GetInt32(3), row.GetInt64(4), row.GetInt64(5)));
        }

        return deliveries;
    }

    /// <summary>A delivery and its attempts, one a line, for a person who looks for the reason.</summary>
    public async Task<IReadOnlyList<string>> HistoryAsync(DeliveryKey key)
    {
        await using var command = _database.CreateCommand(
            """
            SELECT format('delivery %s created %s: %s, next attempt at %s, due at %s', delivery.id, delivery.created_at, status, delivery.next_attempt_at, due_at),
                   format('  attempt %s at %s, %s ms: %s %s %s; next at %s', number, started_at, duration_ms, outcome, status_code, error, attempt.next_attempt_at)
            FROM deliveries AS delivery
            LEFT JOIN attempts AS attempt ON attempt.created_at = delivery.created_at AND attempt.delivery_id = delivery.id
            WHERE tenant_id = $1 AND event_id = $2 AND subscription_id = $3
            ORDER BY delivery.id, number
            """);
        command.Parameters.AddWithValue(Subscriber.TenantId);
        command.Parameters.AddWithValue(EventStream.IdOf(key.Event));
        command.Parameters.AddWithValue(subscribers.Single(subscriber => subscriber.Value == key.Subscriber).Key);
        await using var row = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await row.ReadAsync())
        {
            if (lines.Count == 0 || !lines.Contains(row.GetString(0)))
            {
                lines.Add(row.GetString(0));
            }

            lines.Add(row.GetString(1));
        }

        return lines;
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();
}
