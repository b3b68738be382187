using Webhooks.Api.Access;
using Webhooks.Api.Pages;
using Webhooks.Broker.Parking;

namespace Webhooks.Management.Parking;

/// <summary>Which parked messages a list is about; null does not restrict.</summary>
internal sealed record ParkedFilter
{
    public const string Waiting = "parked";
    public const string Republished = "republished";

    public static readonly IReadOnlyList<string> Statuses = [Waiting, Republished];

    public string? TenantId { get; init; }

    public string? Reason { get; init; }

    public string? Queue { get; init; }

    public string? Status { get; init; }

    /// <summary>Inclusive.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Exclusive.</summary>
    public DateTimeOffset? Until { get; init; }

    public static ParkedFilter Read(QueryReader query, Caller caller) => new()
    {
        Status = query.OneOf("status", Statuses),
        TenantId = caller.TenantOfList(query.Text(Caller.TenantMember)),
        Reason = query.OneOf("reason", ParkingReason.All),
        Queue = query.Text("queue"),
        Since = query.Time("since"),
        Until = query.Time("until"),
    };
}
