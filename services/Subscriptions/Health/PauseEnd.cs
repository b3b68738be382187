using Npgsql;

namespace Webhooks.Subscriptions.Health;

/// <summary>
/// A pause ends: nothing was sent for so long, and that is neither time in which the receiver failed nor time in which deliveries waited
/// for it. What else is known of the receiver stays: it is the same one.
/// </summary>
internal static class PauseEnd
{
    // No row tells how long it was, so both begin anew.
    private const string Sql = """
        UPDATE subscription_health
        SET unsuccessful_since = CASE WHEN unsuccessful > 0 THEN now() END,
            opened_at = CASE WHEN state IN ('open', 'recovering') THEN now() ELSE opened_at END
        WHERE subscription_id = $1
        """;

    public static bool IsDue(Subscription before, Subscription after) =>
        before.State == SubscriptionState.Paused && after is { State: SubscriptionState.Active, Deleted: false };

    /// <summary>One more statement of a change's batch.</summary>
    public static NpgsqlBatchCommand Command(Subscription subscription) => new(Sql) { Parameters = { new() { Value = subscription.Id } } };
}
