using System.Text.Json.Nodes;

namespace Webhooks.Database.Auditing;

/// <summary>One row of the audit before it is written: <see cref="Actor.Did"/> makes it, <see cref="AuditInsert"/> writes it.</summary>
public sealed record AuditEntry(Actor Actor, string Action, string? TenantId, string Subject, JsonObject? Details, string? TraceId)
{
    /// <summary>The row's.</summary>
    public Guid Id { get; } = Guid.CreateVersion7();
}
