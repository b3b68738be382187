using System.Collections.Frozen;
using System.Data;
using Npgsql;
using Webhooks.Publisher.FanOut;
using Webhooks.Subscriptions.Caching;
using Webhooks.Subscriptions.Notices;

namespace Webhooks.Publisher.Notices;

/// <summary>What one transaction accepted.</summary>
/// <param name="Notices">How many of those that were given, the first of them.</param>
/// <param name="Deliveries">What their events make.</param>
internal readonly record struct AcceptedNotices(int Notices, int Deliveries);

/// <summary>
/// The time in which this publisher does a step and no other one does: it ends with the database session that holds the
/// lock. No transaction is open while the broker is waited for.
/// </summary>
internal sealed class NoticeSession(NpgsqlConnection connection, NoticeStep step, SubscriptionCache subscriptions, FanOutStore fanOut) : IAsyncDisposable
{
    private const string MarkAccepted = "UPDATE notices SET accepted = true WHERE seq = ANY($1) AND NOT accepted RETURNING seq";

    /// <summary>The oldest ones, in order.</summary>
    public async Task<IReadOnlyList<StoredNotice>> ReadAsync(int limit, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"SELECT seq, id, tenant_id, type, occurred_at, data, traceparent FROM notices WHERE {step.Condition} ORDER BY seq LIMIT $1", connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var notices = new List<StoredNotice>();
        while (await row.ReadAsync(cancellationToken))
        {
            notices.Add(new StoredNotice(row.GetInt64(0), new Notice(
                row.GetString(1), row.GetString(2), row.GetString(3), row.GetFieldValue<DateTimeOffset>(4), row.GetFieldValue<byte[]>(5), row.IsDBNull(6) ? null : row.GetString(6))));
        }

        return notices;
    }

    /// <summary>
    /// Accepts the events that somebody wants to have, and remembers that in the notices: all or nothing. Of the first of them only, if
    /// all would make more deliveries than go into one transaction. Their deliveries are due at once, so nothing after the commit can be lost.
    /// </summary>
    public async Task<AcceptedNotices> AcceptAsync(IReadOnlyList<StoredNotice> notices, CancellationToken cancellationToken)
    {
        // Not even stored for those who named no such type: most tenants only see their own events.
        var config = await subscriptions.FreshAsync(cancellationToken);
        var wanted = notices.Where(told => config.Index.Match(told.Notice.TenantId, told.EventType).Count > 0).ToList();
        var plan = FanOutPlan.Of([.. wanted.Select(told => told.ToEvent())], FrozenSet<EventKey>.Empty, config.Index, GroupSize.MostDeliveries, cancellationToken);
        IReadOnlyList<StoredNotice> first = plan.Count < wanted.Count ? [.. notices.TakeWhile(told => told.Seq < wanted[plan.Count].Seq)] : notices;

        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var marked = await MarkAsync(first, cancellationToken);
        PlannedEvent[] accepted = [.. plan.Where((_, place) => marked.Contains(wanted[place].Seq))];
        var deliveries = accepted.Length == 0 ? [] : await fanOut.AcceptAsync(connection, accepted, config.Version, dueAtOnce: true, cancellationToken);

        await transaction.CommitAsync(cancellationToken);
        return new AcceptedNotices(first.Count, deliveries.Count);
    }

    /// <summary>Counts a notice as accepted that can be no event: it is still to be published.</summary>
    public Task AcceptWithoutEventAsync(StoredNotice notice, CancellationToken cancellationToken) =>
        ExecuteAsync(MarkAccepted, [notice], cancellationToken);

    /// <summary>Deletes notices that were published.</summary>
    public Task DeleteAsync(IReadOnlyList<StoredNotice> notices, CancellationToken cancellationToken) =>
        ExecuteAsync("DELETE FROM notices WHERE seq = ANY($1)", notices, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await using var session = connection;
        // A session that is lost has lost its lock too.
        if (session.State == ConnectionState.Open)
        {
            await using var command = new NpgsqlCommand($"SELECT pg_advisory_unlock({step.LockKey})", session);
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }

    private static NpgsqlParameter<long[]> SeqsOf(IReadOnlyList<StoredNotice> notices) => new() { TypedValue = [.. notices.Select(told => told.Seq)] };

    private async Task<HashSet<long>> MarkAsync(IReadOnlyList<StoredNotice> notices, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(MarkAccepted, connection) { Parameters = { SeqsOf(notices) } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var marked = new HashSet<long>();
        while (await reader.ReadAsync(cancellationToken))
        {
            marked.Add(reader.GetInt64(0));
        }

        return marked;
    }

    private async Task ExecuteAsync(string sql, IReadOnlyList<StoredNotice> notices, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(SeqsOf(notices));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
