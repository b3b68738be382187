using Webhooks.Api.Access;
using Webhooks.Api.Pages;

namespace Webhooks.Management.Events;

/// <summary>Which events a list is about; null does not restrict.</summary>
internal sealed record EventFilter
{
    public string? TenantId { get; init; }

    public string? Type { get; init; }

    public string? CorrelationId { get; init; }

    /// <summary>Inclusive.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Exclusive.</summary>
    public DateTimeOffset? Until { get; init; }

    public static EventFilter Read(QueryReader query, Caller caller) => new()
    {
        TenantId = caller.TenantOfList(query.Text(Caller.TenantMember)),
        Type = query.Text("type"),
        CorrelationId = query.Text("correlation_id"),
        Since = query.Time("since"),
        Until = query.Time("until"),
    };
}
