using Npgsql;
using NpgsqlTypes;
using Webhooks.Database;
using Webhooks.Database.Auditing;
using Webhooks.Subscriptions.Secrets;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Sources.Storage;

/// <summary>The SQL of sources. Each change is one of the configuration, so that every cache hears of it.</summary>
internal sealed class SourceStore(NpgsqlDataSource database, SecretVault vault)
{
    private const string Select = """
        SELECT s.id, s.tenant_id, s.name, s.kind, s.settings, s.created_at, s.updated_at, secret.key_id, secret.ciphertext, secret.valid_until
        FROM sources s JOIN source_secrets secret ON secret.source_id = s.id
        """;

    public async Task<Source> CreateAsync(Source source, Actor by, CancellationToken cancellationToken)
    {
        // Committed by a word of its own: whoever was told meanwhile that the database is too slow must not get it after all.
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await AuditInsert.ExecuteAsync(connection, SourceAudit.Created(source, by), cancellationToken);
        await using var insert = new NpgsqlCommand(
            $"""
            WITH {ConfigVersion.Next}, source AS (
                INSERT INTO sources (id, tenant_id, name, kind, settings, created_at, updated_at)
                SELECT $1, $2, $3, $4, $5, version.at, version.at FROM version
                RETURNING created_at
            )
            SELECT created_at, {ConfigVersion.Notify} FROM source, version
            """,
            connection);
        insert.Parameters.Add(new() { Value = source.Id });
        insert.Parameters.Add(new() { Value = source.TenantId });
        insert.Parameters.Add(new() { Value = source.Name });
        insert.Parameters.Add(new() { Value = source.Kind });
        insert.Parameters.Add(new() { Value = SourceJson.Write(source.Settings) });
        await using (var row = await insert.ExecuteReaderAsync(cancellationToken))
        {
            await row.ReadAsync(cancellationToken);
            var at = row.GetFieldValue<DateTimeOffset>(0);
            source = source with { CreatedAt = at, UpdatedAt = at };
        }

        await WriteSecretsAsync(connection, source, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return source;
    }

    /// <summary>Changes one under its lock. Null: there is none, or it is another tenant's.</summary>
    /// <param name="id">The source's.</param>
    /// <param name="tenantId">Whose it must be; null: anybody's.</param>
    /// <param name="change">From what it is to what it will be; what it throws leaves it as it is.</param>
    /// <param name="by">Who changes it.</param>
    public async Task<Source?> ChangeAsync(Guid id, string? tenantId, Func<Source, Source> change, Actor by, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!await LockAsync(connection, id, tenantId, cancellationToken))
        {
            return null;
        }

        var current = (await ReadAsync(ById(connection, id), cancellationToken))[0];
        var next = change(current);
        var audited = SourceAudit.OfChange(current, next, by).ToList();
        if (audited.Count == 0)
        {
            return current;
        }

        if (!current.Secrets.SequenceEqual(next.Secrets))
        {
            await using var delete = new NpgsqlCommand("DELETE FROM source_secrets WHERE source_id = $1", connection) { Parameters = { new() { Value = id } } };
            await delete.ExecuteNonQueryAsync(cancellationToken);
            await WriteSecretsAsync(connection, next, cancellationToken);
        }

        foreach (var entry in audited)
        {
            await AuditInsert.ExecuteAsync(connection, entry, cancellationToken);
        }

        // The version's lock last: all changes wait for each other there.
        await using var update = new NpgsqlCommand(
            $"""
            WITH {ConfigVersion.Next}, source AS (
                UPDATE sources SET name = $2, settings = $3, updated_at = version.at FROM version WHERE id = $1
                RETURNING updated_at
            )
            SELECT updated_at, {ConfigVersion.Notify} FROM source, version
            """,
            connection);
        update.Parameters.Add(new() { Value = id });
        update.Parameters.Add(new() { Value = next.Name });
        update.Parameters.Add(new() { Value = SourceJson.Write(next.Settings) });
        await using (var row = await update.ExecuteReaderAsync(cancellationToken))
        {
            await row.ReadAsync(cancellationToken);
            next = next with { UpdatedAt = row.GetFieldValue<DateTimeOffset>(0) };
        }

        await transaction.CommitAsync(cancellationToken);
        return next;
    }

    /// <summary>False: there is none, or it is another tenant's.</summary>
    public async Task<bool> DeleteAsync(Guid id, string? tenantId, Actor by, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!await LockAsync(connection, id, tenantId, cancellationToken))
        {
            return false;
        }

        var deleted = (await ReadAsync(ById(connection, id), cancellationToken))[0];
        await AuditInsert.ExecuteAsync(connection, SourceAudit.Deleted(deleted, by), cancellationToken);
        await using var delete = new NpgsqlCommand("DELETE FROM sources WHERE id = $1", connection) { Parameters = { new() { Value = id } } };
        await delete.ExecuteNonQueryAsync(cancellationToken);
        await using var tell = new NpgsqlCommand(ConfigVersion.Move, connection);
        await tell.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Null: there is none, or it is another tenant's.</summary>
    public async Task<Source?> FindAsync(Guid id, string? tenantId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"{Select} WHERE s.id = $1 AND ($2::text IS NULL OR s.tenant_id = $2) ORDER BY secret.number");
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(NullableColumns.Parameter(tenantId, NpgsqlDbType.Text));
        return await ReadAsync(command, cancellationToken) is [var found, ..] ? found : null;
    }

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<Source>> ListAsync(string? tenantId, Guid? before, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"""
            {Select} WHERE s.id IN (
                SELECT id FROM sources WHERE id < $1 AND ($2::text IS NULL OR tenant_id = $2) ORDER BY id DESC LIMIT $3)
            ORDER BY s.id DESC, secret.number
            """);
        command.Parameters.Add(new() { Value = before ?? Guid.AllBitsSet });
        command.Parameters.Add(NullableColumns.Parameter(tenantId, NpgsqlDbType.Text));
        command.Parameters.Add(new() { Value = limit });
        return await ReadAsync(command, cancellationToken);
    }

    /// <summary>All of them.</summary>
    /// <param name="notOpened">Told of each that cannot be used, because its secret does not open or its settings cannot be read; it is left out.</param>
    public async Task<IReadOnlyList<Source>> LoadAsync(Action<Guid, string> notOpened, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"{Select} ORDER BY s.id, secret.number");
        return await ReadAsync(command, cancellationToken, notOpened);
    }

    private async Task WriteSecretsAsync(NpgsqlConnection connection, Source source, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            INSERT INTO source_secrets (source_id, number, key_id, ciphertext, valid_until)
            SELECT $1, number, key_id, ciphertext, valid_until FROM unnest($2::int[], $3::text[], $4::bytea[], $5::timestamptz[]) AS given (number, key_id, ciphertext, valid_until)
            """,
            connection);
        command.Parameters.Add(new() { Value = source.Id });
        var columns = new Columns<(int Number, SealedSecret Sealed, DateTimeOffset? ValidUntil)>(
            command.Parameters, [.. source.Secrets.Select((secret, number) => (number, vault.Seal(source.Id, secret.Text), secret.ValidUntil))]);
        columns.Add(secret => secret.Number);
        columns.Add(secret => secret.Sealed.KeyId);
        columns.Add(secret => secret.Sealed.Ciphertext);
        columns.Add(secret => secret.ValidUntil?.UtcDateTime);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<bool> LockAsync(NpgsqlConnection connection, Guid id, string? tenantId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT id FROM sources WHERE id = $1 AND ($2::text IS NULL OR tenant_id = $2) FOR UPDATE", connection);
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(NullableColumns.Parameter(tenantId, NpgsqlDbType.Text));
        return await command.ExecuteScalarAsync(cancellationToken) is not null;
    }

    private static NpgsqlCommand ById(NpgsqlConnection connection, Guid id) =>
        new($"{Select} WHERE s.id = $1 ORDER BY secret.number", connection) { Parameters = { new() { Value = id } } };

    private async Task<IReadOnlyList<Source>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken, Action<Guid, string>? notOpened = null)
    {
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<(Guid Id, Func<Source> Read, SealedSecret Sealed, DateTimeOffset? ValidUntil)>();
        while (await row.ReadAsync(cancellationToken))
        {
            var (id, tenantId, name, kind, settings) = (row.GetGuid(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4));
            var (createdAt, updatedAt) = (row.GetFieldValue<DateTimeOffset>(5), row.GetFieldValue<DateTimeOffset>(6));
            rows.Add((
                id,
                () => new Source { Id = id, TenantId = tenantId, Name = name, Kind = kind, Settings = SourceJson.Read(settings), Secrets = [], CreatedAt = createdAt, UpdatedAt = updatedAt },
                new SealedSecret(row.GetString(7), row.GetFieldValue<byte[]>(8)),
                row.TimeOrNull(9)));
        }

        var sources = new List<Source>();
        // In the order of the rows.
        foreach (var group in rows.GroupBy(read => read.Id))
        {
            try
            {
                sources.Add(group.First().Read() with { Secrets = [.. group.Select(read => new SubscriptionSecret(vault.Open(read.Id, read.Sealed), read.ValidUntil))] });
            }
            catch (Exception fault) when (notOpened is not null && (fault is SecretSealedException or System.Text.Json.JsonException))
            {
                notOpened!(group.Key, fault.Message);
            }
        }

        return sources;
    }
}
