using System.Globalization;
using System.Runtime.CompilerServices;
using Npgsql;
using Webhooks.Database.Auditing;
using Webhooks.Subscriptions.Auditing;
using Webhooks.Subscriptions.Lanes;
using Webhooks.Subscriptions.Secrets;

namespace Webhooks.Subscriptions.Storage;

/// <summary>
/// The SQL of subscriptions, their revisions and secrets. Every write is one transaction that takes the next
/// configuration version, stamps it on the row and notifies the caches.
/// </summary>
public sealed class SubscriptionStore(NpgsqlDataSource database, SecretVault vault, TimeProvider clock)
{
    /// <summary>Writes a new subscription with its first revision and its secret.</summary>
    public async Task<Subscription> CreateAsync(
        string tenantId, SubscriptionState state, SubscriptionSettings settings, string secret, Actor by, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var now = clock.GetUtcNow();
        var created = new Subscription
        {
            Id = Guid.CreateVersion7(now),
            TenantId = tenantId,
            State = state,
            Revision = 1,
            Settings = settings,
            Secrets = [new SubscriptionSecret(secret)],
            CreatedAt = now,
            UpdatedAt = now,
            ConfigVersion = 0,
        };

        // Committed by a word of its own: whoever was told meanwhile that the database is too slow must not get it after all.
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection, transaction)
        {
            // The one that takes the version last: all changes of the fleet wait for each other there.
            BatchCommands = { AuditInsert.Command(SubscriptionAudit.Created(created, by)), Insert(created) },
        };
        if (LaneNeed.Of(created) is { } need)
        {
            batch.BatchCommands.Insert(0, LaneStatements.Open(created.Id, need));
            created = created with { HasLane = true };
        }

        await using (var row = await batch.ExecuteReaderAsync(cancellationToken))
        {
            await row.ReadAsync(cancellationToken);
            var createdAt = row.GetFieldValue<DateTimeOffset>(0);
            created = created with { CreatedAt = createdAt, UpdatedAt = createdAt, ConfigVersion = row.GetInt64(1) };
        }

        await transaction.CommitAsync(cancellationToken);
        return created;
    }

    /// <summary>Null: no such subscription, or deleted, or another tenant's.</summary>
    /// <param name="id">Which one.</param>
    /// <param name="tenantId">Null: of any tenant.</param>
    public async Task<Subscription?> FindAsync(Guid id, string? tenantId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(SubscriptionRow.Select + "WHERE s.id = $1 AND s.deleted_at IS NULL");
        command.Parameters.Add(new() { Value = id });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) && SubscriptionRow.Read(row, vault) is var found && IsOf(found, tenantId) ? found : null;
    }

    /// <summary>Newest first.</summary>
    /// <param name="tenantId">Null: of all tenants.</param>
    /// <param name="channel">Null: of any and of none.</param>
    /// <param name="before">The last id of the page before; null: the first page.</param>
    /// <param name="limit">How many at most.</param>
    public async Task<IReadOnlyList<Subscription>> ListAsync(string? tenantId, string? channel, Guid? before, int limit, CancellationToken cancellationToken)
    {
        // Ids are made in the order of time, so the primary key (or the tenant's index) is the list.
        await using var command = database.CreateCommand();
        command.Parameters.Add(new() { Value = before ?? Guid.AllBitsSet });
        command.Parameters.Add(new() { Value = limit });
        var (ofTenant, ofChannel) = (Only("s.tenant_id", tenantId), Only("r.channel", channel));
        command.CommandText = $"{SubscriptionRow.Select} WHERE s.deleted_at IS NULL AND s.id < $1 {ofTenant} {ofChannel} ORDER BY s.id DESC LIMIT $2";

        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var page = new List<Subscription>(limit);
        while (await row.ReadAsync(cancellationToken))
        {
            page.Add(SubscriptionRow.Read(row, vault));
        }

        return page;

        // Left out when it is not asked for, so that the plan is the one for what is.
        string Only(string column, string? value)
        {
            if (value is null)
            {
                return "";
            }

            command.Parameters.Add(new() { Value = value });
            return $"AND {column} = ${command.Parameters.Count}";
        }
    }

    /// <summary>Locks a subscription for a change. Null: not found, as <see cref="FindAsync"/>.</summary>
    public Task<SubscriptionChange?> BeginChangeAsync(Guid id, string? tenantId, CancellationToken cancellationToken) =>
        BeginChangeAsync(id, tenantId, patience: null, cancellationToken);

    /// <summary>The same for who must not wait long when somebody holds it, or what else the change needs.</summary>
    /// <param name="id">Which one.</param>
    /// <param name="tenantId">Null: of any tenant.</param>
    /// <param name="patience">How long to wait for a lock; null: as long as a statement may take.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="PostgresException"><see cref="PostgresErrorCodes.LockNotAvailable"/>, here or while it is saved.</exception>
    public async Task<SubscriptionChange?> BeginChangeAsync(Guid id, string? tenantId, TimeSpan? patience, CancellationToken cancellationToken)
    {
        var connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken);
            if (await LockAsync(connection, id, patience, cancellationToken) is { } current && IsOf(current, tenantId))
            {
                return new SubscriptionChange(connection, transaction, vault, current);
            }

            await connection.DisposeAsync();
            return null;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Disables a subscription, be it paused, and says why; its waiting deliveries are canceled. False: it was disabled already,
    /// or is deleted.
    /// </summary>
    public Task<bool> DisableAsync(Guid id, string reason, CancellationToken cancellationToken) => DisableAsync(id, reason, patience: null, cancellationToken);

    /// <summary>The same for who must not wait long when somebody holds it.</summary>
    /// <param name="id">Which one.</param>
    /// <param name="reason">Why.</param>
    /// <param name="patience">How long to wait for a lock; null: as long as a statement may take.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="PostgresException"><see cref="PostgresErrorCodes.LockNotAvailable"/>.</exception>
    public async Task<bool> DisableAsync(Guid id, string reason, TimeSpan? patience, CancellationToken cancellationToken)
    {
        await using var change = await BeginChangeAsync(id, tenantId: null, patience, cancellationToken);
        if (change is null or { Current.State: SubscriptionState.Disabled })
        {
            return false;
        }

        await change.SaveAsync(change.Current with { State = SubscriptionState.Disabled, DisabledReason = reason }, Actor.System, cancellationToken);
        return true;
    }

    /// <summary>The settings a delivery is pinned to. Null: there is no such revision.</summary>
    public async Task<SubscriptionSettings?> FindRevisionAsync(Guid id, int revision, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"SELECT {SubscriptionRow.SettingsColumns} FROM subscription_revisions r WHERE r.subscription_id = $1 AND r.revision = $2");
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = revision });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? SubscriptionRow.ReadSettings(row, id, vault) : null;
    }

    /// <summary>
    /// Everything that changed after a version, in no order, and so what was deleted; from 0: all there is, and of what is deleted those
    /// that have a lane yet. Read <c>config_version</c> before, never after: what changes meanwhile is then loaded again the next
    /// time, and nothing is missed.
    /// </summary>
    public async IAsyncEnumerable<Subscription> LoadChangedAsync(long sinceVersion, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        const string Changed = "WHERE s.config_version > $1";
        const string NotGone = "AND (s.deleted_at IS NULL OR EXISTS (SELECT FROM lanes WHERE subscription_id = s.id))";
        await using var command = database.CreateCommand(SubscriptionRow.Select + (sinceVersion == 0 ? $"{Changed} {NotGone}" : Changed));
        command.Parameters.Add(new() { Value = sinceVersion });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            yield return SubscriptionRow.Read(row, vault);
        }
    }

    private NpgsqlBatchCommand Insert(Subscription created)
    {
        var command = new NpgsqlBatchCommand(
            $"""
            WITH {ConfigVersion.Next}, subscription AS (
                INSERT INTO subscriptions (id, tenant_id, state, revision, config_version, created_at, updated_at)
                SELECT $19, $20, $21, 1, version.value, version.at, version.at FROM version
                RETURNING created_at
            ), revision AS (
                INSERT INTO subscription_revisions ({RevisionInsert.Columns}, subscription_id, revision, created_at)
                SELECT {RevisionInsert.Values}, $19, 1, created_at FROM subscription
            ), secret AS (
                INSERT INTO subscription_secrets (subscription_id, number, key_id, ciphertext, created_at)
                SELECT $19, 1, $22, $23, created_at FROM subscription
            )
            SELECT created_at, version.value, {ConfigVersion.Notify} FROM subscription, version
            """);
        var sealedSecret = vault.Seal(created.Id, created.SigningSecret);
        RevisionInsert.AddSettings(command.Parameters, created.Id, created.Settings, vault);
        command.Parameters.Add(new() { Value = created.Id });
        command.Parameters.Add(new() { Value = created.TenantId });
        command.Parameters.Add(new() { Value = SubscriptionStateName.Of(created.State) });
        command.Parameters.Add(new() { Value = sealedSecret.KeyId });
        command.Parameters.Add(new() { Value = sealedSecret.Ciphertext });
        return command;
    }

    private async Task<Subscription?> LockAsync(NpgsqlConnection connection, Guid id, TimeSpan? patience, CancellationToken cancellationToken)
    {
        // Two statements: the second one's snapshot is newer than the lock, so it sees what the last holder wrote.
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new("SELECT 1 FROM subscriptions WHERE id = $1 FOR UPDATE") { Parameters = { new() { Value = id } } },
                new(SubscriptionRow.Select + "WHERE s.id = $1 AND s.deleted_at IS NULL") { Parameters = { new() { Value = id } } },
            },
        };
        if (patience is { } limit)
        {
            batch.BatchCommands.Insert(0, new NpgsqlBatchCommand(string.Create(CultureInfo.InvariantCulture, $"SET LOCAL lock_timeout = {limit.TotalMilliseconds:F0}")));
        }

        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        await row.NextResultAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? SubscriptionRow.Read(row, vault) : null;
    }

    private static bool IsOf(Subscription subscription, string? tenantId) => tenantId is null || subscription.TenantId == tenantId;
}
