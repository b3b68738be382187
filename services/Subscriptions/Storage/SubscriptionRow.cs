using Npgsql;
using Webhooks.Database;
using Webhooks.Subscriptions.Ordering;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Profiles.Overrides;
using Webhooks.Subscriptions.Secrets;
using Webhooks.Subscriptions.Shaping.Filters;
using Webhooks.Subscriptions.Shaping.Transforms;

namespace Webhooks.Subscriptions.Storage;

/// <summary>Reads subscriptions and revisions out of result rows; the one place that knows the columns' order.</summary>
internal static class SubscriptionRow
{
    /// <summary>What <see cref="ReadSettings"/> reads, of <c>subscription_revisions r</c>.</summary>
    public const string SettingsColumns = """
        r.url, r.event_types, r.profile, r.description, r.retry, r.retry_on, r.timeout_seconds, r.filter, r.transform,
        r.channel, r.signature, r.send_traceparent, r.headers_key_id, r.headers,
        r.rate_limit, r.max_in_flight, r.ordering_key
        """;

    /// <summary>Every subscription with its current revision and its secrets, the signing one first. A WHERE follows.</summary>
    public const string Select = $"""
        SELECT {SettingsColumns},
               s.id, s.tenant_id, s.state, s.revision, s.cancel_before, s.deleted_at IS NOT NULL, s.disabled_reason,
               s.created_at, s.updated_at, s.config_version,
               ARRAY(SELECT key_id FROM subscription_secrets WHERE subscription_id = s.id ORDER BY number DESC),
               ARRAY(SELECT ciphertext FROM subscription_secrets WHERE subscription_id = s.id ORDER BY number DESC),
               ARRAY(SELECT valid_until FROM subscription_secrets WHERE subscription_id = s.id ORDER BY number DESC),
               EXISTS (SELECT FROM lanes WHERE subscription_id = s.id)
        FROM subscriptions s JOIN subscription_revisions r ON r.subscription_id = s.id AND r.revision = s.revision

        """;

    private const int AfterSettings = 17;

    public static SubscriptionSettings ReadSettings(NpgsqlDataReader row, Guid subscriptionId, SecretVault vault)
    {
        var profileName = row.GetString(2);
        return new SubscriptionSettings
        {
            Url = row.GetString(0),
            EventTypes = row.GetFieldValue<string[]>(1),
            Profile = Profile.TryFind(profileName, out var profile)
                ? profile
                : throw new InvalidOperationException($"A revision names the profile \"{profileName}\", which this version does not know: run one that does."),
            Description = row.TextOrNull(3),
            Retry = RetryJson.Read(row.TextOrNull(4)),
            RetryOn = RetryOnName.Find(row.TextOrNull(5)),
            Timeout = row.IsDBNull(6) ? null : TimeSpan.FromSeconds(row.GetDouble(6)),
            Filter = row.TextOrNull(7) is { } filter ? EventFilter.Parse(filter) : null,
            Transform = row.TextOrNull(8) is { } transform ? EventTransform.Parse(transform) : null,
            Channel = row.TextOrNull(9),
            Signature = SignatureJson.Read(row.TextOrNull(10)),
            SendTraceparent = row.GetBoolean(11),
            Headers = row.TextOrNull(12) is { } keyId
                ? CustomHeaders.Parse(vault.Open(subscriptionId, new SealedSecret(keyId, row.GetFieldValue<byte[]>(13))))
                : null,
            RateLimit = row.IsDBNull(14) ? null : row.GetDouble(14),
            MaxInFlight = row.IsDBNull(15) ? null : row.GetInt32(15),
            OrderingKey = row.TextOrNull(16) is { } key ? OrderingKey.Parse(key) : null,
        };
    }

    public static Subscription Read(NpgsqlDataReader row, SecretVault vault)
    {
        const int At = AfterSettings;
        var id = row.GetGuid(At);
        return new Subscription
        {
            Id = id,
            TenantId = row.GetString(At + 1),
            State = SubscriptionStateName.Parse(row.GetString(At + 2)),
            Revision = row.GetInt32(At + 3),
            Settings = ReadSettings(row, id, vault),
            CancelBefore = row.IsDBNull(At + 4) ? null : row.GetFieldValue<DateTimeOffset>(At + 4),
            Deleted = row.GetBoolean(At + 5),
            DisabledReason = row.TextOrNull(At + 6),
            CreatedAt = row.GetFieldValue<DateTimeOffset>(At + 7),
            UpdatedAt = row.GetFieldValue<DateTimeOffset>(At + 8),
            ConfigVersion = row.GetInt64(At + 9),
            Secrets = OpenAll(vault, id, row.GetFieldValue<string[]>(At + 10), row.GetFieldValue<byte[][]>(At + 11), row.GetFieldValue<DateTime?[]>(At + 12)),
            HasLane = row.GetBoolean(At + 13),
        };
    }

    private static SubscriptionSecret[] OpenAll(SecretVault vault, Guid id, string[] keyIds, byte[][] ciphertexts, DateTime?[] validUntil)
    {
        var secrets = new SubscriptionSecret[keyIds.Length];
        for (var index = 0; index < secrets.Length; index++)
        {
            secrets[index] = new SubscriptionSecret(vault.Open(id, new SealedSecret(keyIds[index], ciphertexts[index])), validUntil[index]);
        }

        return secrets;
    }
}
