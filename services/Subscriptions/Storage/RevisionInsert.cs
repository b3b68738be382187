using Npgsql;
using NpgsqlTypes;

namespace Webhooks.Subscriptions.Storage;

/// <summary>The statement that writes a revision. Revisions are only ever inserted.</summary>
internal static class RevisionInsert
{
    public static NpgsqlBatchCommand Command(Guid subscriptionId, int revision, SubscriptionSettings settings)
    {
        var command = new NpgsqlBatchCommand(
            """
            INSERT INTO subscription_revisions
                (url, event_types, profile, description, retry, retry_on, timeout_seconds, filter, transform, subscription_id, revision, created_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, clock_timestamp())
            """);
        AddSettings(command.Parameters, settings);
        command.Parameters.Add(new() { Value = subscriptionId });
        command.Parameters.Add(new() { Value = revision });
        return command;
    }

    /// <summary>Parameters 1–9, in the order of <see cref="SubscriptionRow.SettingsColumns"/>.</summary>
    public static void AddSettings(NpgsqlParameterCollection parameters, SubscriptionSettings settings)
    {
        parameters.Add(new() { Value = settings.Url });
        parameters.Add(new() { Value = settings.EventTypes.ToArray() });
        parameters.Add(new() { Value = settings.Profile.Name });
        parameters.Add(Nullable(settings.Description, NpgsqlDbType.Text));
        parameters.Add(Nullable(RetryJson.Write(settings.Retry), NpgsqlDbType.Jsonb));
        parameters.Add(Nullable(settings.RetryOn is { } rule ? RetryOnName.Of(rule) : null, NpgsqlDbType.Text));
        parameters.Add(Nullable(settings.Timeout?.TotalSeconds, NpgsqlDbType.Double));
        parameters.Add(Nullable(settings.Filter?.Json, NpgsqlDbType.Text));
        parameters.Add(Nullable(settings.Transform?.Json, NpgsqlDbType.Text));
    }

    private static NpgsqlParameter Nullable(object? value, NpgsqlDbType type) => new() { Value = value ?? DBNull.Value, NpgsqlDbType = type };
}
