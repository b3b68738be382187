using Npgsql;
using NpgsqlTypes;
using Webhooks.Database;
using Webhooks.Subscriptions.Ordering;
using Webhooks.Subscriptions.Secrets;

namespace Webhooks.Subscriptions.Storage;

/// <summary>The statement that writes a revision. Revisions are only ever inserted.</summary>
internal static class RevisionInsert
{
    /// <summary>The columns of <see cref="Values"/>.</summary>
    public const string Columns =
        "url, event_types, profile, description, retry, retry_on, timeout_seconds, filter, transform, channel, signature, send_traceparent, headers_key_id, headers, "
        + "rate_limit, max_in_flight, ordering, ordering_key";

    /// <summary>The parameters that <see cref="AddSettings"/> adds.</summary>
    public const string Values = "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18";

    public static NpgsqlBatchCommand Command(Guid subscriptionId, int revision, SubscriptionSettings settings, SecretVault vault)
    {
        var command = new NpgsqlBatchCommand(
            $"""
            INSERT INTO subscription_revisions ({Columns}, subscription_id, revision, created_at)
            VALUES ({Values}, $19, $20, clock_timestamp())
            """);
        AddSettings(command.Parameters, subscriptionId, settings, vault);
        command.Parameters.Add(new() { Value = subscriptionId });
        command.Parameters.Add(new() { Value = revision });
        return command;
    }

    /// <summary>Parameters 1–18, in the order of <see cref="Columns"/>.</summary>
    public static void AddSettings(NpgsqlParameterCollection parameters, Guid subscriptionId, SubscriptionSettings settings, SecretVault vault)
    {
        // Among headers are credentials, so all of them are encrypted, as the signing secrets are.
        var headers = settings.Headers is null ? null : vault.Seal(subscriptionId, settings.Headers.ToJson());
        parameters.Add(new() { Value = settings.Url });
        parameters.Add(new() { Value = settings.EventTypes.ToArray() });
        parameters.Add(new() { Value = settings.Profile.Name });
        parameters.Add(NullableColumns.Parameter(settings.Description, NpgsqlDbType.Text));
        parameters.Add(NullableColumns.Parameter(RetryJson.Write(settings.Retry), NpgsqlDbType.Jsonb));
        parameters.Add(NullableColumns.Parameter(settings.RetryOn is { } rule ? RetryOnName.Of(rule) : null, NpgsqlDbType.Text));
        parameters.Add(NullableColumns.Parameter(settings.Timeout?.TotalSeconds, NpgsqlDbType.Double));
        parameters.Add(NullableColumns.Parameter(settings.Filter?.Json, NpgsqlDbType.Text));
        parameters.Add(NullableColumns.Parameter(settings.Transform?.Json, NpgsqlDbType.Text));
        parameters.Add(NullableColumns.Parameter(settings.Channel, NpgsqlDbType.Text));
        parameters.Add(NullableColumns.Parameter(SignatureJson.Write(settings.Signature), NpgsqlDbType.Jsonb));
        parameters.Add(new() { Value = settings.SendTraceparent });
        parameters.Add(NullableColumns.Parameter(headers?.KeyId, NpgsqlDbType.Text));
        parameters.Add(NullableColumns.Parameter(headers?.Ciphertext, NpgsqlDbType.Bytea));
        parameters.Add(NullableColumns.Parameter(settings.RateLimit, NpgsqlDbType.Double));
        parameters.Add(NullableColumns.Parameter(settings.MaxInFlight, NpgsqlDbType.Integer));
        parameters.Add(NullableColumns.Parameter(settings.OrderingKey is null ? null : OrderingKey.ByKey, NpgsqlDbType.Text));
        parameters.Add(NullableColumns.Parameter(settings.OrderingKey?.Pointer, NpgsqlDbType.Text));
    }
}
