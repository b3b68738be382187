using Webhooks.Api.Access;
using Webhooks.Api.Bodies;
using Webhooks.Api.Problems;
using Webhooks.Contracts;
using Webhooks.Database.Deliveries;
using Webhooks.Database.Replays;
using Webhooks.Management.Deliveries;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Management.Replays;

/// <summary>What is asked to be replayed, read and checked.</summary>
internal sealed record ReplayRequest
{
    // As a subscription's rate limit.
    public const double SlowestRate = 0.01;
    public const double FastestRate = 10_000;

    public required DeliveryFilter Filter { get; init; }

    /// <summary>Only what was not delivered, and was not recovered already.</summary>
    public bool Recovers { get; init; }

    /// <summary>Null: as fast as they are sent.</summary>
    public double? RatePerSecond { get; init; }

    /// <summary>Only count.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>Of <c>POST /v1/replays</c>.</summary>
    /// <exception cref="RefusedException">400 or 403.</exception>
    public static ReplayRequest Read(MemberReader body, Caller caller)
    {
        var named = body.Text<string?>(Caller.TenantMember, present: null, whenNull: null, Reading<string?>.Of);
        var request = new ReplayRequest
        {
            Filter = ReadFilter(body, named, caller),
            RatePerSecond = body.Has("rate_per_second") ? body.Number("rate_per_second", SlowestRate, SlowestRate, SlowestRate, FastestRate) : null,
            IsDryRun = body.Flag("dry_run", present: false, whenNull: false),
        };
        body.RefuseOthers();
        body.ThrowIfFaulty();
        return request;
    }

    /// <summary>Of <c>POST /v1/subscriptions/{id}/recover</c>.</summary>
    /// <exception cref="RefusedException">400.</exception>
    public static ReplayRequest ReadRecovery(MemberReader body, Guid subscriptionId, string tenantId)
    {
        var (since, until) = ReadSpan(body);
        if (!body.Has("since"))
        {
            body.Fault("since", FieldError.Required, "Say from when on.");
        }

        body.RefuseOthers();
        body.ThrowIfFaulty();
        return new ReplayRequest { Filter = new DeliveryFilter { TenantId = tenantId, SubscriptionId = subscriptionId, Since = since, Until = until }, Recovers = true };
    }

    /// <param name="moments">When the filter's event was accepted; null when it names none.</param>
    /// <param name="requestedAt">What is made from then on is left out: a replay must not find its own.</param>
    public ReplaySelection Selection(IReadOnlyList<DateTimeOffset>? moments, DateTimeOffset requestedAt)
    {
        var deliveries = Filter.Selection(moments);
        return new ReplaySelection(
            deliveries.Until < requestedAt ? deliveries : deliveries with { Until = requestedAt },
            Filter.Type,
            Recovers ? DeliveryStatus.Undelivered : Filter.Status is { } status ? [status] : DeliveryStatus.Ended,
            Recovers);
    }

    private static readonly string[] Restricting = ["subscription_id", "event_id", "type", "status", "since", "until"];

    private static DeliveryFilter ReadFilter(MemberReader body, string? tenantId, Caller caller)
    {
        const string Name = "filter";
        caller.RefuseForeign(tenantId);
        if (body.Object(Name) is not { } members)
        {
            if (!body.Has(Name))
            {
                body.Fault(Name, FieldError.Required, "Say which deliveries.");
            }

            return new DeliveryFilter();
        }

        var (since, until) = ReadSpan(members);
        var named = caller.TenantOfList(members.Text(Caller.TenantMember, tenantId, tenantId, Reading<string?>.Of));
        if (tenantId is not null && named != tenantId)
        {
            // Neither may win: the other one's deliveries would be sent again.
            members.Fault(Caller.TenantMember, FieldError.InvalidValue, "It names another tenant than the tenant_id beside the filter.");
        }

        var filter = new DeliveryFilter
        {
            TenantId = named,
            SubscriptionId = members.Text<Guid?>("subscription_id", null, null, ReadSubscriptionId),
            EventId = members.Text<string?>("event_id", null, null, ReadEventId),
            Type = members.Text<string?>("type", null, null, ReadType),
            Status = members.Text<string?>("status", null, null, ReadStatus),
            Since = since,
            Until = until,
        };
        members.RefuseOthers();
        if (!Restricting.Any(members.Has))
        {
            // A member forgotten must not replay everything there ever was.
            body.Fault(Name, FieldError.Required, $"Name at least one of {string.Join(", ", Restricting)}: everything there ever was is hardly meant.");
        }

        return filter;
    }

    private static (DateTimeOffset? Since, DateTimeOffset? Until) ReadSpan(MemberReader members)
    {
        var since = members.Text<DateTimeOffset?>("since", null, null, ReadTime);
        var until = members.Text<DateTimeOffset?>("until", null, null, ReadTime);
        if (since >= until)
        {
            members.Fault("until", FieldError.OutOfRange, "It must be later than since.");
        }

        return (since, until);
    }

    private static Reading<DateTimeOffset?> ReadTime(string text) => IsoTime.TryParse(text, out var time)
        ? Reading<DateTimeOffset?>.Of(time)
        : Reading<DateTimeOffset?>.Refuse(FieldError.InvalidFormat, "It must be a time with an offset, such as 2024-01-20T10:30:00Z.");

    private static Reading<Guid?> ReadSubscriptionId(string text) => PrefixedId.TryParse(PrefixedId.Subscription, text, out var id)
        ? Reading<Guid?>.Of(id)
        : Reading<Guid?>.Refuse(FieldError.InvalidFormat, "It must be a subscription's id.");

    private static Reading<string?> ReadEventId(string text) => EventRules.IsId(text)
        ? Reading<string?>.Of(text)
        : Reading<string?>.Refuse(FieldError.InvalidFormat, "It must be an event's id.");

    private static Reading<string?> ReadType(string text) => EventRules.IsType(text)
        ? Reading<string?>.Of(text)
        : Reading<string?>.Refuse(FieldError.InvalidFormat, "It must be an event type such as exception.created.");

    private static Reading<string?> ReadStatus(string text) => DeliveryStatus.Ended.Contains(text)
        ? Reading<string?>.Of(text)
        : Reading<string?>.Refuse(FieldError.InvalidValue, "It must be delivered, failed, exhausted or canceled; what is pending is on its way.");
}
