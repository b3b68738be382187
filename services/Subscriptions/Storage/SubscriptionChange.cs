using Npgsql;
using NpgsqlTypes;
using Webhooks.Database.Auditing;
using Webhooks.Subscriptions.Auditing;
using Webhooks.Subscriptions.Health;
using Webhooks.Subscriptions.Lanes;
using Webhooks.Subscriptions.Notices;
using Webhooks.Subscriptions.Secrets;

namespace Webhooks.Subscriptions.Storage;

/// <summary>
/// One change of one subscription: its row is locked from reading to saving, so that what was decided on
/// <see cref="Current"/> still holds when it is written. Disposed without <see cref="SaveAsync"/>, nothing has changed.
/// </summary>
public sealed class SubscriptionChange : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;
    private readonly SecretVault _vault;

    internal SubscriptionChange(NpgsqlConnection connection, NpgsqlTransaction transaction, SecretVault vault, Subscription current) =>
        (_connection, _transaction, _vault, Current) = (connection, transaction, vault, current);

    /// <summary>As it is now, and stays until this change ends.</summary>
    public Subscription Current { get; }

    /// <summary>Where the change is made: what is written over it before <see cref="SaveAsync"/> is committed with that, or not at all.</summary>
    public NpgsqlConnection Connection => _connection;

    /// <summary>
    /// Commits <paramref name="next"/>: new settings become a new revision, new secrets replace the old, and what stops
    /// deliveries (disabling, deleting) records the moment up to which they are canceled; disabling is told in a notice. What is
    /// the same as before is not written. Returns it as saved.
    /// </summary>
    /// <param name="next">As it is to be.</param>
    /// <param name="by">Who wants it so, for the audit.</param>
    public async Task<Subscription> SaveAsync(Subscription next, Actor by, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(next);
        var revised = !SameSettings(Current.Settings, next.Settings);
        if (!revised && !Resecures(next) && next.State == Current.State && next.DisabledReason == Current.DisabledReason && next.Deleted == Current.Deleted)
        {
            return Current;
        }

        // Whether it has a lane is not asked for, but follows: it is opened by what needs it, and closed by the dispatcher that serves it.
        next = next with { Revision = revised ? Current.Revision + 1 : Current.Revision, HasLane = Current.HasLane || LaneNeed.Of(next) is not null };

        await using var batch = new NpgsqlBatch(_connection, _transaction);
        foreach (var statement in Statements(next, by))
        {
            batch.BatchCommands.Add(statement);
        }

        Subscription saved;
        await using (var row = await batch.ExecuteReaderAsync(cancellationToken))
        {
            await row.ReadAsync(cancellationToken);
            saved = next with
            {
                CancelBefore = row.IsDBNull(0) ? null : row.GetFieldValue<DateTimeOffset>(0),
                UpdatedAt = row.GetFieldValue<DateTimeOffset>(1),
                ConfigVersion = row.GetInt64(2),
            };
        }

        await _transaction.CommitAsync(cancellationToken);
        return saved;
    }

    /// <summary>Does what is known of the receiver hold no longer when this is saved?</summary>
    public bool ResetsHealth(Subscription next)
    {
        ArgumentNullException.ThrowIfNull(next);
        return HealthReset.IsDue(Current, next);
    }

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }

    /// <summary>
    /// Everything that is written with a change, in one transaction and one round trip; what else belongs to it is one
    /// more statement here. The update is the last, because all changes of the fleet wait for each other at the version
    /// that it takes, and the only one that answers rows, because they are read as its own.
    /// </summary>
    private IEnumerable<NpgsqlBatchCommand> Statements(Subscription next, Actor by)
    {
        if (next.Revision != Current.Revision)
        {
            yield return RevisionInsert.Command(next.Id, next.Revision, next.Settings, _vault);
        }

        if (Resecures(next))
        {
            yield return new NpgsqlBatchCommand("DELETE FROM subscription_secrets WHERE subscription_id = $1") { Parameters = { new() { Value = next.Id } } };
            yield return InsertSecrets(next);
        }

        foreach (var entry in SubscriptionAudit.Changed(Current, next, by))
        {
            yield return AuditInsert.Command(entry);
        }

        if (LaneNeed.Of(next) is { } need && !Current.HasLane)
        {
            yield return LaneStatements.Open(next.Id, need);
        }

        if (ResetsHealth(next))
        {
            yield return HealthReset.Command(next);
        }
        else if (PauseEnd.IsDue(Current, next))
        {
            yield return PauseEnd.Command(next);
        }

        yield return Update(next);
    }

    private bool Resecures(Subscription next) => !next.Secrets.SequenceEqual(Current.Secrets);

    private NpgsqlBatchCommand Update(Subscription next)
    {
        var disables = next.State == SubscriptionState.Disabled && Current.State != SubscriptionState.Disabled;
        var stops = disables || (next.Deleted && !Current.Deleted);
        var update = new NpgsqlBatchCommand(
            $"""
            WITH {ConfigVersion.Next}{(disables ? $", {NoticeInsert.Disabled(firstParameter: 7)}" : "")}
            UPDATE subscriptions
            SET state = $2, revision = $3, disabled_reason = $4,
                cancel_before = CASE WHEN $5 THEN version.at ELSE cancel_before END,
                deleted_at = CASE WHEN $6 THEN version.at END,
                config_version = version.value, updated_at = version.at
            FROM version WHERE id = $1
            RETURNING cancel_before, updated_at, config_version, {ConfigVersion.Notify}
            """)
        {
            Parameters =
            {
                new() { Value = next.Id },
                new() { Value = SubscriptionStateName.Of(next.State) },
                new() { Value = next.Revision },
                new() { Value = (object?)next.DisabledReason ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                new() { Value = stops },
                new() { Value = next.Deleted },
            },
        };
        if (disables)
        {
            NoticeInsert.AddDisabled(update.Parameters, next);
        }

        return update;
    }

    private NpgsqlBatchCommand InsertSecrets(Subscription next)
    {
        var sealedSecrets = next.Secrets.Select(secret => _vault.Seal(next.Id, secret.Text)).ToList();
        return new NpgsqlBatchCommand(
            """
            INSERT INTO subscription_secrets (subscription_id, number, key_id, ciphertext, valid_until, created_at)
            SELECT $1, number, key_id, ciphertext, valid_until, clock_timestamp() FROM unnest($2, $3, $4, $5::timestamptz[]) AS given (number, key_id, ciphertext, valid_until)
            """)
        {
            Parameters =
            {
                new() { Value = next.Id },
                // The first signs, and the highest number signs.
                new() { Value = Enumerable.Range(1, sealedSecrets.Count).Reverse().ToArray() },
                new() { Value = sealedSecrets.Select(secret => secret.KeyId).ToArray() },
                new() { Value = sealedSecrets.Select(secret => secret.Ciphertext).ToArray() },
                new() { Value = next.Secrets.Select(secret => secret.ValidUntil?.UtcDateTime).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz },
            },
        };
    }

    // A record compares its list of event types by reference.
    private static bool SameSettings(SubscriptionSettings left, SubscriptionSettings right) =>
        left.EventTypes.SequenceEqual(right.EventTypes, StringComparer.Ordinal) && left == right with { EventTypes = left.EventTypes };
}
