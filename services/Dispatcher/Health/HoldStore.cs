using Npgsql;
using Webhooks.Contracts;
using Webhooks.Dispatcher.Rollups;
using Webhooks.Sending.Measures;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Notices;

namespace Webhooks.Dispatcher.Health;

/// <summary>The SQL of ending deliveries that open breakers have kept waiting for too long.</summary>
internal sealed class HoldStore(NpgsqlDataSource database, MinuteStore minutes)
{
    private const string SelectOpen = "SELECT subscription_id, opened_at, reason FROM subscription_health WHERE state = 'open' AND opened_at IS NOT NULL";

    // Most have waited for this breaker only: they stand first in the lane's index, and leave it with this.
    private const string HeldOnce = "held IS NULL AND lane_due_at <= now() - $3 AND $2 <= now() - $3";

    // The others, which have been tried since an earlier wait, have an index of their own.
    private const string HeldAgain = "held IS NOT NULL AND held + (now() - greatest(lane_due_at, $2)) >= $3";

    // What is on the wire may turn out delivered. So only between two probes, well before the next one begins by the clock of whoever
    // sends it, and once the last send of a slow start, which takes 30 s
    // at most, is recorded. A paused subscription is not probed and its probe_at passes: its deliveries wait for the pause alone.
    private const string NothingIsOnTheWire = """
        EXISTS (SELECT 1 FROM subscription_health AS health
                WHERE health.subscription_id = $1 AND health.state = 'open' AND health.opened_at = $2 AND health.probe_at > clock_timestamp() + least(interval '10 seconds', health.wait / 2)
                  AND coalesce(health.reopened_at, health.opened_at) < clock_timestamp() - interval '40 seconds')
        """;

    // Locked in the order of the keys, as in every change of many deliveries: unsorted ones deadlock.
    private static readonly string[] Chunks = [.. new[] { HeldOnce, HeldAgain }.Select(condition =>
        $"""
        UPDATE deliveries AS delivery
        SET status = 'exhausted', held = coalesce(delivery.held, '0') + (now() - greatest(delivery.lane_due_at, $2)),
            next_attempt_at = NULL, due_at = NULL, lane_due_at = NULL, finished_at = now()
        FROM (SELECT created_at, id FROM deliveries
              WHERE (created_at, id) IN (
                  SELECT created_at, id FROM deliveries
                  WHERE subscription_id = $1 AND lane_due_at IS NOT NULL AND status = 'pending' AND {condition} AND {NothingIsOnTheWire}
                  LIMIT $4)
                AND lane_due_at IS NOT NULL AND status = 'pending' AND {condition}
              ORDER BY created_at, id FOR UPDATE) AS waiting
        WHERE delivery.created_at = waiting.created_at AND delivery.id = waiting.id AND delivery.status = 'pending'
        RETURNING delivery.created_at, delivery.id, delivery.tenant_id, delivery.event_id, delivery.event_type, delivery.last_attempt, delivery.finished_at
        """)];

    public async Task<IReadOnlyList<OpenBreaker>> FindOpenAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(SelectOpen);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var open = new List<OpenBreaker>();
        while (await row.ReadAsync(cancellationToken))
        {
            open.Add(new OpenBreaker(row.GetGuid(0), row.GetFieldValue<DateTimeOffset>(1), row.IsDBNull(2) ? null : row.GetString(2)));
        }

        return open;
    }

    /// <summary>
    /// Exhausts up to <paramref name="limit"/> deliveries that have waited for <paramref name="holdFor"/> in all, counts them and tells
    /// of them, in one transaction. Answers how many; 0: there are no more.
    /// </summary>
    public async Task<int> ExhaustAsync(OpenBreaker breaker, TimeSpan holdFor, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var ended = new List<HeldDelivery>();
        foreach (var chunk in Chunks.TakeWhile(_ => ended.Count == 0))
        {
            await ExhaustAsync(connection, chunk, breaker, holdFor, limit, ended, cancellationToken);
        }

        if (ended.Count == 0)
        {
            return 0;
        }

        if (ended.Where(delivery => !EventRules.IsReserved(delivery.EventType)).Select(delivery => HeldNotice.Of(delivery, breaker, holdFor)).ToList() is { Count: > 0 } notices)
        {
            await NoticeInsert.RunAsync(connection, notices, cancellationToken);
        }

        await minutes.AddAsync(connection, Counts(breaker, ended), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return ended.Count;
    }

    private static async Task ExhaustAsync(
        NpgsqlConnection connection, string chunk, OpenBreaker breaker, TimeSpan holdFor, int limit, List<HeldDelivery> ended, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(chunk, connection);
        object[] values = [breaker.SubscriptionId, breaker.OpenedAt.UtcDateTime, holdFor, limit];
        command.Parameters.AddRange(values.Select(value => new NpgsqlParameter { Value = value }).ToArray());
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            ended.Add(new HeldDelivery(
                row.GetFieldValue<DateTimeOffset>(0), row.GetGuid(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetInt32(5), row.GetFieldValue<DateTimeOffset>(6)));
        }
    }

    private static IReadOnlyList<MinuteCount> Counts(OpenBreaker breaker, List<HeldDelivery> ended)
    {
        var retried = ended.Count(delivery => delivery.Attempts > 1);
        return
        [
            .. new MinuteCount[] { new(breaker.SubscriptionId, Measure.Exhausted, ended.Count), new(breaker.SubscriptionId, Measure.Retried, retried) }
                .Where(count => count.Count > 0).OrderBy(count => count.Measure),
        ];
    }
}

/// <summary>A breaker that is open.</summary>
/// <param name="Reason">The outcome of the last attempt.</param>
internal sealed record OpenBreaker(Guid SubscriptionId, DateTimeOffset OpenedAt, string? Reason);

/// <summary>A delivery that has waited for too long and is exhausted.</summary>
internal sealed record HeldDelivery(
    DateTimeOffset CreatedAt, Guid Id, string TenantId, string EventId, string EventType, int Attempts, DateTimeOffset FinishedAt);
