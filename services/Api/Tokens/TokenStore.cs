using Npgsql;
using NpgsqlTypes;
using Webhooks.Database.Auditing;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Api.Tokens;

/// <summary>The SQL of tokens. Making and revoking one is a change of configuration, so that every cache hears of it.</summary>
internal sealed class TokenStore(NpgsqlDataSource database)
{
    private const string Columns = "id, tenant_id, name, scopes, hash, created_at, expires_at, last_used_at";

    public async Task<ApiToken> CreateAsync(ApiToken token, Actor by, CancellationToken cancellationToken)
    {
        // Committed by a word of its own: whoever was told meanwhile that the database is too slow must not get it after all.
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await AuditInsert.ExecuteAsync(connection, TokenAudit.Created(token, by), cancellationToken);
        await using var command = new NpgsqlCommand(
            $"""
            WITH {ConfigVersion.Next}, token AS (
                INSERT INTO api_tokens (id, tenant_id, name, scopes, hash, created_at, expires_at)
                SELECT $1, $2, $3, $4, $5, version.at, $6 FROM version
                RETURNING created_at
            )
            SELECT created_at, {ConfigVersion.Notify} FROM token, version
            """,
            connection);
        command.Parameters.Add(new() { Value = token.Id });
        command.Parameters.Add(new() { Value = (object?)token.TenantId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = token.Name });
        command.Parameters.Add(new() { Value = token.Scopes });
        command.Parameters.Add(new() { Value = token.Hash });
        command.Parameters.Add(new() { Value = (object?)token.ExpiresAt ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        await using (var row = await command.ExecuteReaderAsync(cancellationToken))
        {
            await row.ReadAsync(cancellationToken);
            token = token with { CreatedAt = row.GetFieldValue<DateTimeOffset>(0) };
        }

        await transaction.CommitAsync(cancellationToken);
        return token;
    }

    /// <summary>False: there is no such token, or it is another tenant's, or revoked already.</summary>
    public async Task<bool> RevokeAsync(Guid id, string? tenantId, Actor by, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        // The token's lock first, the version's last.
        await using var revoke = new NpgsqlCommand(
            $"UPDATE api_tokens SET revoked_at = clock_timestamp() WHERE id = $1 AND revoked_at IS NULL AND ($2::text IS NULL OR tenant_id = $2) RETURNING {Columns}",
            connection,
            transaction);
        revoke.Parameters.Add(new() { Value = id });
        revoke.Parameters.Add(new() { Value = (object?)tenantId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        if (await ReadAsync(revoke, cancellationToken) is not [var revoked])
        {
            return false;
        }

        await AuditInsert.ExecuteAsync(connection, TokenAudit.Revoked(revoked, by), cancellationToken);
        await using var tell = new NpgsqlCommand(ConfigVersion.Move, connection, transaction);
        await tell.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Newest first, without the revoked.</summary>
    public async Task<IReadOnlyList<ApiToken>> ListAsync(string? tenantId, Guid? before, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"SELECT {Columns} FROM api_tokens WHERE revoked_at IS NULL AND id < $1 AND ($2::text IS NULL OR tenant_id = $2) ORDER BY id DESC LIMIT $3");
        command.Parameters.Add(new() { Value = before ?? Guid.AllBitsSet });
        command.Parameters.Add(new() { Value = (object?)tenantId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = limit });
        return await ReadAsync(command, cancellationToken);
    }

    /// <summary>Writes when tokens were last used, unless a later use is written already. No change of configuration: no cache asks for it.</summary>
    public async Task WriteUsesAsync(IReadOnlyCollection<KeyValuePair<Guid, DateTimeOffset>> uses, CancellationToken cancellationToken)
    {
        // Locked in the order of their ids: every instance writes the same rows.
        await using var command = database.CreateCommand(
            """
            WITH used AS (
                SELECT t.id, u.at FROM api_tokens t JOIN unnest($1, $2) AS u (id, at) USING (id)
                WHERE t.last_used_at IS NULL OR t.last_used_at < u.at
                ORDER BY t.id FOR UPDATE OF t
            )
            UPDATE api_tokens SET last_used_at = used.at FROM used WHERE api_tokens.id = used.id
            """);
        command.Parameters.Add(new() { Value = uses.Select(use => use.Key).ToArray() });
        command.Parameters.Add(new() { Value = uses.Select(use => use.Value.UtcDateTime).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>All that are not revoked; the expired too, whose time is the reader's to judge.</summary>
    public async Task<IReadOnlyList<ApiToken>> LoadAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"SELECT {Columns} FROM api_tokens WHERE revoked_at IS NULL");
        return await ReadAsync(command, cancellationToken);
    }

    private static async Task<IReadOnlyList<ApiToken>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var tokens = new List<ApiToken>();
        while (await row.ReadAsync(cancellationToken))
        {
            tokens.Add(new ApiToken
            {
                Id = row.GetGuid(0),
                TenantId = row.IsDBNull(1) ? null : row.GetString(1),
                Name = row.GetString(2),
                Scopes = row.GetFieldValue<string[]>(3),
                Hash = row.GetFieldValue<byte[]>(4),
                CreatedAt = row.GetFieldValue<DateTimeOffset>(5),
                ExpiresAt = row.IsDBNull(6) ? null : row.GetFieldValue<DateTimeOffset>(6),
                LastUsedAt = row.IsDBNull(7) ? null : row.GetFieldValue<DateTimeOffset>(7),
            });
        }

        return tokens;
    }
}
