using Npgsql;
using Webhooks.Contracts;

namespace Webhooks.Subscriptions.Health;

/// <summary>A receiver's health is forgotten, and told of if it was not well: it was enabled again, or there is another receiver.</summary>
internal static class HealthReset
{
    // Who tells of it knows the state only here, so the statement writes the data's last member itself; states need no escaping.
    private const string Sql = $$"""
        WITH forgotten AS (DELETE FROM subscription_health WHERE subscription_id = $1 RETURNING state)
        INSERT INTO notices (id, tenant_id, type, occurred_at, data)
        SELECT $2 || (extract(epoch FROM now()) * 1000000)::bigint, $3, '{{NotificationTypes.SubscriptionHealthChanged}}', now(),
               convert_to($4 || ',"previous_state":"' || state || '"}', 'UTF8')
        FROM forgotten WHERE state <> 'healthy'
        """;

    // Not when a pause ends: the receiver is the same, and a breaker that would close with it would let everything go at once.
    public static bool IsDue(Subscription before, Subscription after) =>
        after is { State: not SubscriptionState.Disabled, Deleted: false } && (before.State == SubscriptionState.Disabled || before.Settings.Url != after.Settings.Url);

    /// <summary>One more statement of a change's batch.</summary>
    public static NpgsqlBatchCommand Command(Subscription subscription)
    {
        var id = PrefixedId.Format(PrefixedId.Subscription, subscription.Id);
        return new NpgsqlBatchCommand(Sql)
        {
            Parameters =
            {
                new() { Value = subscription.Id },
                new() { Value = Notices.Notice.IdOf(id, "healthy_") },
                new() { Value = subscription.TenantId },
                new() { Value = $$"""{"subscription_id":"{{id}}","state":"healthy","reason":null""" },
            },
        };
    }
}
