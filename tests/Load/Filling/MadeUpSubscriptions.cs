using Microsoft.Extensions.Options;
using Npgsql;
using Webhooks.Load.Measuring;
using Webhooks.Load.Publishing;
using Webhooks.Load.Running;
using Webhooks.Subscriptions.Secrets;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Load.Filling;

/// <summary>
/// Subscriptions that do not want the run's events: copies of one that the API made, with ids, secrets, tenants and types of their
/// own, written in bulk and made known as any change is. Taken away when this is disposed of.
/// </summary>
internal sealed class MadeUpSubscriptions : IAsyncDisposable
{
    private const int TenantSize = 100;

    // Every column that is not named is the model's. One change of the configuration for all.
    private const string Insert = $"""
        WITH model AS (
            SELECT id FROM subscriptions WHERE tenant_id = $1 AND deleted_at IS NULL ORDER BY id DESC LIMIT 1
        ), made AS (
            SELECT * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bytea[]) AS made (id, tenant_id, event_type, ciphertext)
        ), {ConfigVersion.Next}, subscription AS (
            INSERT INTO subscriptions
            SELECT copy.* FROM made, version, subscriptions AS model_row,
                 jsonb_populate_record(model_row, jsonb_build_object('id', made.id, 'tenant_id', made.tenant_id, 'config_version', version.value)) AS copy
            WHERE model_row.id = (SELECT id FROM model)
        ), revision AS (
            INSERT INTO subscription_revisions
            SELECT copy.* FROM made, subscription_revisions AS model_row,
                 jsonb_populate_record(model_row, jsonb_build_object('subscription_id', made.id, 'event_types', ARRAY[made.event_type])) AS copy
            WHERE model_row.subscription_id = (SELECT id FROM model)
        ), secret AS (
            INSERT INTO subscription_secrets
            SELECT copy.* FROM made, subscription_secrets AS model_row,
                 jsonb_populate_record(model_row, jsonb_build_object('subscription_id', made.id, 'ciphertext', made.ciphertext)) AS copy
            WHERE model_row.subscription_id = (SELECT id FROM model)
        )
        SELECT {ConfigVersion.Notify} FROM version
        """;

    private const string Delete = $"""
        WITH {ConfigVersion.Next}, deleted AS (
            UPDATE subscriptions SET deleted_at = version.at, config_version = version.value FROM version WHERE id = ANY ($1)
        )
        SELECT {ConfigVersion.Notify} FROM version
        """;

    private readonly NpgsqlDataSource _database;
    private readonly Guid[] _ids;

    private MadeUpSubscriptions(NpgsqlDataSource database, Guid[] ids) => (_database, _ids) = (database, ids);

    /// <summary>A third wants the run's type for other tenants; two thirds are the run's tenant's, for one other type or for all below one.</summary>
    public static async Task<MadeUpSubscriptions> AddAsync(Bench bench, int count, CancellationToken cancellationToken)
    {
        var vault = VaultOf(bench.System);
        var ids = Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7()).ToArray();
        var database = MadeUpRows.Open(bench.System);
        await using var insert = database.CreateCommand(Insert);
        insert.Parameters.AddWithValue(EventSource.TenantId);
        insert.Parameters.AddWithValue(ids);
        insert.Parameters.AddWithValue(Enumerable.Range(0, count).Select(number => number % 3 == 0 ? $"tenant_{number / TenantSize}" : EventSource.TenantId).ToArray());
        insert.Parameters.AddWithValue(Enumerable.Range(0, count).Select(TypeOf).ToArray());
        insert.Parameters.AddWithValue(ids.Select(id => vault.Seal(id, bench.Subscriptions.Secret).Ciphertext).ToArray());
        await insert.ExecuteNonQueryAsync(cancellationToken);
        await using var analyze = database.CreateCommand("ANALYZE subscriptions, subscription_revisions, subscription_secrets");
        await analyze.ExecuteNonQueryAsync(cancellationToken);
        return new MadeUpSubscriptions(database, ids);
    }

    public async ValueTask DisposeAsync()
    {
        await using (var delete = _database.CreateCommand(Delete))
        {
            delete.Parameters.AddWithValue(_ids);
            await delete.ExecuteNonQueryAsync();
        }

        await _database.DisposeAsync();
    }

    private static string TypeOf(int number) => (number % 3) switch
    {
        0 => EventSource.EventType,
        1 => $"{EventSource.EventType}.other{number}",
        _ => $"{EventSource.EventType}.group{number}.*",
    };

    // A secret is sealed for its subscription, so that a copied one would not open.
    private static SecretVault VaultOf(RunningSystem system)
    {
        var keys = new SecretKeyOptions { SecretKeyId = system.SecretKeyId };
        keys.SecretKeys.Add(system.SecretKeyId, system.SecretKey());
        return new SecretVault(new OptionsWrapper<SecretKeyOptions>(keys));
    }
}
