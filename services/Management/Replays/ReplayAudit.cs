using System.Text.Json.Nodes;
using Webhooks.Contracts;
using Webhooks.Database.Auditing;
using Webhooks.Database.Deliveries;
using Webhooks.Database.Replays;
using Webhooks.Management.Deliveries;

namespace Webhooks.Management.Replays;

/// <summary>What the audit says of replays.</summary>
internal static class ReplayAudit
{
    public static AuditEntry Replayed(StoredDelivery original, DeliveryKey replay, Actor by) => by.Did(
        AuditAction.DeliveryReplayed,
        original.TenantId,
        PrefixedId.Format(PrefixedId.Delivery, original.Id),
        new JsonObject { ["replay"] = PrefixedId.Format(PrefixedId.Delivery, replay.Id) });

    /// <summary>A recovery is something that is done to a subscription.</summary>
    public static AuditEntry Started(Guid id, ReplaySelection selection, double? ratePerSecond, Actor by)
    {
        var replay = PrefixedId.Format(PrefixedId.Replay, id);
        var filter = ReplayFilterResponse.Of(selection);
        var details = new JsonObject
        {
            ["replay"] = replay,
            ["subscription_id"] = filter.SubscriptionId,
            ["event_id"] = filter.EventId,
            ["type"] = filter.Type,
            ["status"] = filter.Status,
            ["since"] = filter.Since?.UtcDateTime,
            ["until"] = filter.Until?.UtcDateTime,
            ["rate_per_second"] = ratePerSecond,
        };
        return selection.Recovers
            ? by.Did(AuditAction.SubscriptionRecovered, selection.Deliveries.TenantId, filter.SubscriptionId!, details)
            : by.Did(AuditAction.ReplayStarted, selection.Deliveries.TenantId, replay, details);
    }

    public static AuditEntry Canceled(Guid id, string? tenantId, Actor by) =>
        by.Did(AuditAction.ReplayCanceled, tenantId, PrefixedId.Format(PrefixedId.Replay, id));
}
