using System.Text.Json;

namespace Webhooks.Management.Auditing;

/// <summary>A row of the audit in answers.</summary>
/// <param name="Id">With its prefix.</param>
/// <param name="CreatedAt">When it was done.</param>
/// <param name="TenantId">Null: it concerns all tenants.</param>
/// <param name="Actor">Who did it.</param>
/// <param name="Action">What was done, by a name that never changes.</param>
/// <param name="Subject">The id of what it was done to.</param>
/// <param name="Details">What else there is to say; its members depend on the action.</param>
/// <param name="TraceId">The trace of the request, as problems and logs name it.</param>
/// <param name="RemoteAddress">Where the request came from: the last proxy, if there is one.</param>
internal sealed record AuditResponse(
    string Id, DateTimeOffset CreatedAt, string? TenantId, ActorResponse Actor, string Action, string Subject, JsonElement? Details, string? TraceId, string? RemoteAddress);

/// <summary>Who did it: a token with what it was called then, <c>admin_token</c> or <c>system</c>.</summary>
internal sealed record ActorResponse(string Id, string? Name);
