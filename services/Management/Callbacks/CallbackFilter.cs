using Webhooks.Api.Access;
using Webhooks.Api.Pages;
using Webhooks.Api.Problems;

namespace Webhooks.Management.Callbacks;

/// <summary>Which callbacks a list is about; null does not restrict.</summary>
internal sealed record CallbackFilter
{
    /// <summary>All that a callback may have, in the order of its life.</summary>
    public static readonly IReadOnlyList<string> Statuses = ["reserved", "accepted", "applied", "failed"];

    public string? TenantId { get; init; }

    public string? ExceptionId { get; init; }

    public string? Status { get; init; }

    public static CallbackFilter Read(QueryReader query, Caller caller)
    {
        const string StatusName = "status";
        var status = query.Text(StatusName);
        if (status is not null && !Statuses.Contains(status))
        {
            query.Fault(StatusName, FieldError.InvalidValue, "It must be reserved, accepted, applied or failed.");
        }

        return new CallbackFilter { TenantId = caller.TenantOfList(query.Text(Caller.TenantMember)), ExceptionId = query.Text("exception_id"), Status = status };
    }
}
