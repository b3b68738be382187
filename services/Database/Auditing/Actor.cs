using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Webhooks.Database.Auditing;

/// <summary>Who does something that is audited.</summary>
/// <param name="Id">A token's id with its prefix, or one of the two constants below.</param>
/// <param name="Name">What the token is called at that time.</param>
/// <param name="RemoteAddress">Where the connection came from; null inside the system.</param>
public sealed record Actor(string Id, string? Name = null, string? RemoteAddress = null)
{
    public const string SystemId = "system";
    public const string AdminTokenId = "admin_token";

    /// <summary>Nobody asked for it: the system followed a rule, which the details name.</summary>
    public static Actor System { get; } = new(SystemId);

    /// <summary>Whoever has the token from the configuration.</summary>
    public static Actor AdminToken { get; } = new(AdminTokenId, "admin token");

    /// <summary>The row that is written with what was done, under the trace that is running.</summary>
    /// <param name="action">One of <see cref="AuditAction"/>.</param>
    /// <param name="tenantId">Whose the subject is; null: all tenants'.</param>
    /// <param name="subject">The id, with its prefix, of what it was done to.</param>
    /// <param name="details">What else a reader needs to know; never a secret.</param>
    public AuditEntry Did(string action, string? tenantId, string subject, JsonObject? details = null) =>
        new(this, action, tenantId, subject, details, Activity.Current?.TraceId.ToString());
}
