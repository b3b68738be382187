using Webhooks.Contracts;
using Webhooks.Database.Auditing;

namespace Webhooks.Management.Parking;

/// <summary>What the audit says of parked messages.</summary>
internal static class ParkedAudit
{
    public static AuditEntry Republished(StoredParked parked, Actor by) => Of(AuditAction.ParkedRepublished, parked, by);

    public static AuditEntry Deleted(StoredParked parked, Actor by) => Of(AuditAction.ParkedDeleted, parked, by);

    private static AuditEntry Of(string action, StoredParked parked, Actor by) => by.Did(
        action, parked.TenantId, PrefixedId.Format(PrefixedId.Parked, parked.Id),
        new() { ["reason"] = parked.Reason, ["queue"] = parked.Queue, ["message_id"] = parked.MessageId });
}
