using Webhooks.Contracts;
using Webhooks.Subscriptions.Notices;

namespace Webhooks.Subscriptions.Health;

/// <summary>What is told when a receiver's state changes: the change, never each failure. Pure.</summary>
public static class HealthNotice
{
    public static Notice Of(Guid subscriptionId, string tenantId, HealthState before, SubscriptionHealth now, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(now);
        var id = PrefixedId.Format(PrefixedId.Subscription, subscriptionId);
        return new Notice(
            // It comes and goes, so the microsecond is part of the id.
            Notice.IdOf(id, $"{now.State.ToWireName()}_{(at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond}"),
            tenantId,
            NotificationTypes.SubscriptionHealthChanged,
            at,
            new NoticeData()
                .Add("subscription_id", id)
                .Add("state", now.State.ToWireName())
                .Add("reason", now.Reason)
                .Add("previous_state", before.ToWireName())
                .ToBytes());
    }
}
