using Webhooks.Api.Access;
using Webhooks.Api.Pages;

namespace Webhooks.Management.Auditing;

/// <summary>Which rows of the audit are asked for; null does not restrict.</summary>
internal sealed record AuditFilter
{
    /// <summary>Rows that concern all tenants are nobody's but an administrator's.</summary>
    public string? TenantId { get; init; }

    public string? Action { get; init; }

    public string? Subject { get; init; }

    public string? Actor { get; init; }

    /// <summary>Inclusive.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Exclusive.</summary>
    public DateTimeOffset? Until { get; init; }

    public static AuditFilter Read(QueryReader query, Caller caller) => new()
    {
        TenantId = caller.TenantOfList(query.Text(Caller.TenantMember)),
        Action = query.Text("action"),
        Subject = query.Text("subject"),
        Actor = query.Text("actor"),
        Since = query.Time("since"),
        Until = query.Time("until"),
    };
}
