using Microsoft.Extensions.Options;
using Webhooks.Api.Access;
using Webhooks.Api.Bodies;
using Webhooks.Api.Deadlines;
using Webhooks.Api.OpenApi;
using Webhooks.Api.Pages;
using Webhooks.Api.Problems;
using Webhooks.Management.Deliveries;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Management.Events;

/// <summary>HTTP for <c>/v1/events</c>.</summary>
internal static class EventsApi
{
    private static readonly Problem NotFound = Problem.NotFound("There is no such event, or it is not accepted yet.");

    public static void MapEventsApi(this IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/events", PublishAsync).Requires(Scope.EventsPublish).DescribedBy(EventDocs.Publish);
        app.MapGet("/v1/events", ListAsync).Requires(Scope.EventsRead).DescribedBy(EventDocs.List);
        app.MapGet("/v1/events/{id}", GetAsync).Requires(Scope.EventsRead).DescribedBy(EventDocs.Get);
    }

    private static async Task<IResult> PublishAsync(
        HttpRequest request, RequestClock clock, Caller caller, EventAnnouncer announcer, IOptions<EventOptions> options, CancellationToken cancellationToken)
    {
        var limit = options.Value.MaxEventBytes;
        var body = await RequestBody.ReadAsync(request, limit, clock, cancellationToken);
        var outgoing = OutgoingEvent.Read(body, caller, limit);
        await announcer.AnnounceAsync(outgoing, clock, cancellationToken);
        return TypedResults.Json(new AcceptedResponse(outgoing.Event.Id, "accepted"), statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> ListAsync(HttpRequest request, Caller caller, EventList list, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request.Query);
        var (filter, limit, after) = (EventFilter.Read(query, caller), query.Limit(), query.Cursor<EventCursor>(EventCursor.TryRead));
        query.ThrowIfFaulty();

        var (page, next) = await list.ReadAsync(filter, after, limit, cancellationToken);
        return TypedResults.Ok(new Page<EventResponse>([.. page.Select(EventResponse.Of)], next?.Write()));
    }

    private static async Task<IResult> GetAsync(
        string id, HttpRequest request, Caller caller, EventStore events, DeliveryStore deliveries, CancellationToken cancellationToken)
    {
        if (!EventRules.IsId(id))
        {
            return NotFound;
        }

        // Ids are unique within a tenant: an administrator may have to say whose, and otherwise gets the newest.
        var query = new QueryReader(request.Query);
        var tenantId = caller.TenantOfList(query.Text(Caller.TenantMember));
        query.ThrowIfFaulty();

        var moments = await events.FindMomentsAsync(id, tenantId, cancellationToken);
        if (moments.Count == 0 || await events.FindAsync(moments[0], id, tenantId, cancellationToken) is not { } found)
        {
            return NotFound;
        }

        return TypedResults.Ok(EventDetailResponse.Of(found, await deliveries.OfEventAsync(found.CreatedAt, found.Event, cancellationToken)));
    }
}
