using System.Text;
using Webhooks.Api.Access;
using Webhooks.Api.OpenApi;
using Webhooks.Api.Pages;
using Webhooks.Api.Problems;
using Webhooks.Contracts;
using Webhooks.Management.Events;
using Webhooks.Subscriptions.Rendering;
using Webhooks.Subscriptions.Shaping.Transforms;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Management.Deliveries;

/// <summary>HTTP for <c>/v1/deliveries</c>.</summary>
internal static class DeliveriesApi
{
    private const char List = 'd';

    public static void MapDeliveriesApi(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/deliveries", ListAsync).Requires(Scope.DeliveriesRead).DescribedBy(DeliveryDocs.List);
        app.MapGet("/v1/deliveries/{id}", GetAsync).Requires(Scope.DeliveriesRead).DescribedBy(DeliveryDocs.Get);
    }

    private static async Task<IResult> ListAsync(HttpRequest request, Caller caller, DeliveryList list, EventStore events, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request.Query);
        var (filter, limit, cursor) = (DeliveryFilter.Read(query, caller), query.Limit(), query.Cursor(List));
        query.ThrowIfFaulty();

        var moments = filter.EventId is null ? null : await events.FindMomentsAsync(filter.EventId, filter.TenantId, cancellationToken);
        var (page, next) = await list.ReadAsync(filter, moments, cursor, limit, cancellationToken);
        return TypedResults.Ok(new Page<DeliveryResponse>([.. page.Select(DeliveryResponse.Of)], next?.Write(List)));
    }

    private static async Task<IResult> GetAsync(
        string id, Caller caller, DeliveryStore deliveries, EventStore events, SubscriptionStore subscriptions, CancellationToken cancellationToken)
    {
        if (!PrefixedId.TryParse(PrefixedId.Delivery, id, out var deliveryId)
            || await deliveries.FindAsync(deliveryId, caller.TenantId, cancellationToken) is not { } delivery)
        {
            return Problem.NotFound("There is no such delivery.");
        }

        var attempts = await deliveries.AttemptsAsync(delivery, cancellationToken);
        return TypedResults.Ok(DeliveryDetailResponse.Of(delivery, attempts, await BodyAsync(delivery, events, subscriptions, cancellationToken)));
    }

    // Not stored but rendered again: from the event and the revision that the delivery is pinned to, to the same bytes.
    private static async Task<string?> BodyAsync(StoredDelivery delivery, EventStore events, SubscriptionStore subscriptions, CancellationToken cancellationToken)
    {
        var accepted = await events.FindAsync(delivery.EventMoment, delivery.EventId, delivery.TenantId, cancellationToken);
        var pinned = await subscriptions.FindRevisionAsync(delivery.SubscriptionId, delivery.Revision, cancellationToken);
        try
        {
            return accepted is null || pinned is null ? null : Encoding.UTF8.GetString(BodyRenderer.Render(pinned, accepted.Event).Span);
        }
        catch (TransformException)
        {
            // There never was one; the attempt says why.
            return null;
        }
    }
}
