using Npgsql;
using Webhooks.Database;
using Webhooks.Subscriptions.Health;
using Webhooks.Subscriptions.Lanes;
using Webhooks.Subscriptions.Notices;

namespace Webhooks.Dispatcher.Health;

/// <summary>A subscription's health after a group of attempts, and before it.</summary>
internal readonly record struct ChangedHealth(HealthGroup Group, EndpointHealth Before, EndpointHealth Now);

/// <summary>The SQL of receivers' health.</summary>
internal sealed class HealthStore(NpgsqlDataSource database, BreakerOptions rules)
{
    // Before the lock, and sorted: of two dispatchers that see a subscription's first failure one waits here for the other.
    private const string InsertFirst = """
        INSERT INTO subscription_health (subscription_id) SELECT id FROM unnest($1::uuid[]) AS failed (id) ORDER BY id
        ON CONFLICT (subscription_id) DO NOTHING
        """;

    // $2 are those with a failure. Of the others only rows that a success may change: a healthy subscription has no row, or one that
    // is left alone.
    private const string Lock = $"""
        SELECT subscription_id, {HealthRow.Columns} FROM subscription_health
        WHERE subscription_id = ANY ($1) AND (state <> 'healthy' OR unsuccessful > 0 OR allowance > 0 OR subscription_id = ANY ($2))
        ORDER BY subscription_id FOR UPDATE
        """;

    // After the locks: a change of the receiver, which forgets the health of the former, is waited for there.
    private const string SelectPresent = """
        SELECT id, url FROM subscriptions JOIN subscription_revisions AS present ON present.subscription_id = id AND present.revision = subscriptions.revision
        WHERE id = ANY ($1)
        """;

    private const string Update = $"""
        UPDATE subscription_health AS health
        SET state = next.state, reason = next.reason, unsuccessful = next.unsuccessful, unsuccessful_since = next.unsuccessful_since,
            last_failure_at = next.last_failure_at, last_success_at = next.last_success_at, failures = next.failures,
            failing_since = next.failing_since, opened_at = next.opened_at, closed_at = next.closed_at, probe_at = next.probe_at, wait = next.wait,
            allowance = next.allowance, throttled_until = next.throttled_until, reopened_at = next.reopened_at
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[],
                    $8::int[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::interval[],
                    $14::int[], $15::timestamptz[], $16::timestamptz[])
            AS next (subscription_id, {HealthRow.Columns})
        WHERE health.subscription_id = next.subscription_id
        """;

    // Not of those that are sent nothing: disabled, deleted or paused. Reads all rows, so it is asked seldom.
    private const string SelectLongUnsuccessful = $"""
        SELECT subscription_id, {HealthRow.Columns} FROM subscription_health
        WHERE last_failure_at - unsuccessful_since >= $1
          AND EXISTS (SELECT 1 FROM subscriptions WHERE id = subscription_id AND subscriptions.state = 'active' AND deleted_at IS NULL)
        """;

    // By an index of those that are limited.
    private const string SelectWithoutLane = """
        SELECT subscription_id FROM subscription_health AS health
        WHERE (state IN ('open', 'recovering') OR throttled_until > now() - $1)
          AND NOT EXISTS (SELECT 1 FROM lanes WHERE lanes.subscription_id = health.subscription_id)
          AND EXISTS (SELECT 1 FROM subscriptions WHERE id = subscription_id AND subscriptions.state = 'active' AND deleted_at IS NULL)
        ORDER BY subscription_id
        """;

    // In the order of the keys, as in every change of many rows. An attempt that was on the wire may leave a row behind once more.
    private const string DeleteOfDeleted = """
        DELETE FROM subscription_health WHERE subscription_id IN (
            SELECT subscription_id FROM subscription_health
            WHERE EXISTS (SELECT 1 FROM subscriptions WHERE id = subscription_id AND deleted_at IS NOT NULL)
            ORDER BY subscription_id FOR UPDATE SKIP LOCKED)
        """;

    /// <summary>Forgets how the receivers of deleted subscriptions fared.</summary>
    public async Task ForgetDeletedAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(DeleteOfDeleted);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Subscriptions without a success for long enough to be disabled, if <see cref="LongFailure"/> agrees.</summary>
    public async Task<IReadOnlyList<(Guid SubscriptionId, EndpointHealth Health)>> FindLongUnsuccessfulAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(SelectLongUnsuccessful);
        command.Parameters.AddWithValue(rules.DisableAfter);
        return await ReadAllAsync(command, cancellationToken);
    }

    /// <summary>
    /// Adds what a group of attempts says, within their transaction, and tells of states that change. A group that says nothing new
    /// (all successes of receivers that are healthy) writes nothing; failures of a receiver that has been replaced since say nothing of the
    /// present one. Answers what is different now.
    /// </summary>
    /// <param name="connection">Where the transaction is.</param>
    /// <param name="groups">Sorted.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<IReadOnlyList<ChangedHealth>> AddAsync(NpgsqlConnection connection, IReadOnlyList<HealthGroup> groups, CancellationToken cancellationToken)
    {
        var (before, present) = await LockAsync(connection, groups, cancellationToken);
        var changed = groups
            .Select(group => present.TryGetValue(group.SubscriptionId, out var url) ? group.Of(url) : group)
            .Where(group => before.ContainsKey(group.SubscriptionId))
            .Select(group => new ChangedHealth(group, before[group.SubscriptionId], group.After(before[group.SubscriptionId], rules)))
            .Where(change => change.Now != change.Before)
            .ToList();
        if (changed.Count > 0)
        {
            await UpdateAsync(connection, changed, cancellationToken);
        }

        var told = changed.Where(change => change.Now.State != change.Before.State).Select(Notice).ToList();
        if (told.Count > 0)
        {
            await NoticeInsert.RunAsync(connection, told, cancellationToken);
        }

        // The holder of the subscription's lane serves it by these.
        var limits = changed.Where(change => (change.Now.ClosedUntil, change.Now.MaxInFlight) != (change.Before.ClosedUntil, change.Before.MaxInFlight)).ToList();
        await LaneStatements.WakeAsync(connection, limits.Select(change => change.Group.SubscriptionId), cancellationToken);
        return changed;
    }

    /// <summary>How one subscription's receiver fares.</summary>
    public async Task<EndpointHealth> FindAsync(Guid subscriptionId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"SELECT subscription_id, {HealthRow.Columns} FROM subscription_health WHERE subscription_id = $1");
        command.Parameters.AddWithValue(subscriptionId);
        return await ReadAllAsync(command, cancellationToken) is [var found] ? found.Health : EndpointHealth.Unknown;
    }

    /// <summary>Those that are to be served from their rows and have no lane.</summary>
    public async Task<IReadOnlyList<Guid>> FindWithoutLaneAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(SelectWithoutLane);
        command.Parameters.AddWithValue(EndpointHealth.SlowStartNeedsLane);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<Guid>();
        while (await row.ReadAsync(cancellationToken))
        {
            found.Add(row.GetGuid(0));
        }

        return found;
    }

    private static Notice Notice(ChangedHealth change) => HealthNotice.Of(
        change.Group.SubscriptionId, change.Group.TenantId, change.Before.State, change.Now.Shown, change.Group.Reports[^1].FinishedAt);

    /// <summary>How the receivers fare, and for those with a failure where they are.</summary>
    private static async Task<(Dictionary<Guid, EndpointHealth> Found, Dictionary<Guid, string> Present)> LockAsync(
        NpgsqlConnection connection, IReadOnlyList<HealthGroup> groups, CancellationToken cancellationToken)
    {
        Guid[] all = [.. groups.Select(group => group.SubscriptionId)];
        Guid[] failed = [.. groups.Where(group => group.HasFailure).Select(group => group.SubscriptionId)];
        await using var batch = new NpgsqlBatch(connection);
        if (failed.Length > 0)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(InsertFirst) { Parameters = { new() { Value = failed } } });
        }

        batch.BatchCommands.Add(new NpgsqlBatchCommand(Lock) { Parameters = { new() { Value = all }, new() { Value = failed } } });
        if (failed.Length > 0)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(SelectPresent) { Parameters = { new() { Value = failed } } });
        }

        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        var found = new Dictionary<Guid, EndpointHealth>();
        while (await row.ReadAsync(cancellationToken))
        {
            found[row.GetGuid(0)] = HealthRow.Read(row);
        }

        var present = new Dictionary<Guid, string>();
        while (await row.NextResultAsync(cancellationToken))
        {
            while (await row.ReadAsync(cancellationToken))
            {
                present[row.GetGuid(0)] = row.GetString(1);
            }
        }

        return (found, present);
    }

    private static async Task<IReadOnlyList<(Guid SubscriptionId, EndpointHealth Health)>> ReadAllAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<(Guid, EndpointHealth)>();
        while (await row.ReadAsync(cancellationToken))
        {
            found.Add((row.GetGuid(0), HealthRow.Read(row)));
        }

        return found;
    }

    private static async Task UpdateAsync(NpgsqlConnection connection, IReadOnlyList<ChangedHealth> changed, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Update, connection);
        var columns = new Columns<ChangedHealth>(command.Parameters, changed);
        columns.Add(change => change.Group.SubscriptionId);
        HealthRow.Add(columns, change => change.Now);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
