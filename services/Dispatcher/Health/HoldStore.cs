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

    // Waiting since it was due, or since the breaker opened, and by earlier ones. Locked in the order of the keys, as whoever else
    // changes many deliveries has it; read from where the last chunk ended.
    private const string ExhaustChunk = """
        UPDATE deliveries AS delivery
        SET status = 'exhausted', held = coalesce(delivery.held, '0') + (now() - greatest(coalesce(delivery.next_attempt_at, delivery.created_at), $2)),
            next_attempt_at = NULL, due_at = NULL, finished_at = now()
        FROM (SELECT created_at, id FROM deliveries
              WHERE subscription_id = $1 AND status = 'pending' AND (created_at, id) > ($3, $4)
                AND coalesce(held, '0') + (now() - greatest(coalesce(next_attempt_at, created_at), $2)) >= $5
              ORDER BY created_at, id LIMIT $6 FOR UPDATE) AS waiting
        WHERE delivery.created_at = waiting.created_at AND delivery.id = waiting.id AND delivery.status = 'pending'
        RETURNING delivery.created_at, delivery.id, delivery.tenant_id, delivery.event_id, delivery.event_type, delivery.last_attempt, delivery.finished_at
        """;

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
    /// of them, in one transaction. Answers the last of them; null: there are no more.
    /// </summary>
    public async Task<HeldDelivery?> ExhaustAsync(OpenBreaker breaker, HeldDelivery? after, TimeSpan holdFor, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var ended = await ExhaustAsync(connection, breaker, after, holdFor, limit, cancellationToken);
        if (ended.Count == 0)
        {
            return null;
        }

        if (ended.Where(delivery => !EventRules.IsReserved(delivery.EventType)).Select(delivery => HeldNotice.Of(delivery, breaker, holdFor)).ToList() is { Count: > 0 } notices)
        {
            await NoticeInsert.RunAsync(connection, notices, cancellationToken);
        }

        await minutes.AddAsync(connection, Counts(breaker, ended), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return ended[^1];
    }

    private static async Task<List<HeldDelivery>> ExhaustAsync(
        NpgsqlConnection connection, OpenBreaker breaker, HeldDelivery? after, TimeSpan holdFor, int limit, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ExhaustChunk, connection);
        object[] values = [breaker.SubscriptionId, breaker.OpenedAt.UtcDateTime, (after?.CreatedAt ?? DateTimeOffset.UnixEpoch).UtcDateTime, after?.Id ?? Guid.Empty, holdFor, limit];
        command.Parameters.AddRange(values.Select(value => new NpgsqlParameter { Value = value }).ToArray());
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var ended = new List<HeldDelivery>();
        while (await row.ReadAsync(cancellationToken))
        {
            ended.Add(new HeldDelivery(
                row.GetFieldValue<DateTimeOffset>(0), row.GetGuid(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetInt32(5), row.GetFieldValue<DateTimeOffset>(6)));
        }

        ended.Sort((left, right) => (left.CreatedAt, left.Id).CompareTo((right.CreatedAt, right.Id)));
        return ended;
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
