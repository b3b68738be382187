using Webhooks.Api.Access;
using Webhooks.Api.Bodies;
using Webhooks.Api.Pages;
using Webhooks.Api.Problems;
using Webhooks.Contracts;
using Webhooks.Database.Deliveries;

namespace Webhooks.Management.Deliveries;

/// <summary>Which deliveries a list is about; null does not restrict.</summary>
internal sealed record DeliveryFilter
{
    public string? TenantId { get; init; }

    public Guid? SubscriptionId { get; init; }

    public string? EventId { get; init; }

    public string? Type { get; init; }

    public string? Status { get; init; }

    /// <summary>Inclusive.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Exclusive.</summary>
    public DateTimeOffset? Until { get; init; }

    public static DeliveryFilter Read(QueryReader query, Caller caller) => new()
    {
        TenantId = caller.TenantOfList(query.Text(Caller.TenantMember)),
        SubscriptionId = query.Value("subscription_id", text => PrefixedId.TryParse(PrefixedId.Subscription, text, out var id)
            ? Reading<Guid>.Of(id)
            : Reading<Guid>.Refuse(FieldError.InvalidFormat, "It must be a subscription's id.")),
        EventId = query.Text("event_id"),
        Type = query.Text("type"),
        Status = query.OneOf("status", DeliveryStatus.All),
        Since = query.Time("since"),
        Until = query.Time("until"),
    };

    /// <param name="moments">When the filter's event was accepted; null when it names none.</param>
    public DeliverySelection Selection(IReadOnlyList<DateTimeOffset>? moments) => new()
    {
        TenantId = TenantId,
        SubscriptionId = SubscriptionId,
        EventId = EventId,
        EventMoments = moments,
        Since = Since,
        Until = Until,
    };
}
