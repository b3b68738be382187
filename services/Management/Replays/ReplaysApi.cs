using Webhooks.Api.Access;
using Webhooks.Api.Bodies;
using Webhooks.Api.Deadlines;
using Webhooks.Api.OpenApi;
using Webhooks.Api.Pages;
using Webhooks.Api.Problems;
using Webhooks.Contracts;
using Webhooks.Management.Deliveries;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Management.Replays;

/// <summary>HTTP for replaying one delivery, many, or what a subscription missed.</summary>
internal static partial class ReplaysApi
{
    private const char List = 'r';

    private static readonly Problem NoSuchDelivery = Problem.NotFound("There is no such delivery.");
    private static readonly Problem NoSuchReplay = Problem.NotFound("There is no such replay.");
    private static readonly Problem NoSuchSubscription = Problem.NotFound("There is no such subscription.");

    public static void MapReplaysApi(this IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/deliveries/{id}/replay", ReplayOneAsync).Requires(Scope.DeliveriesWrite).DescribedBy(ReplayDocs.One);
        app.MapPost("/v1/subscriptions/{id}/recover", RecoverAsync).Requires(Scope.DeliveriesWrite).DescribedBy(ReplayDocs.Recover);
        app.MapPost("/v1/replays", ReplayManyAsync).Requires(Scope.DeliveriesWrite).DescribedBy(ReplayDocs.Many);
        app.MapGet("/v1/replays", ListAsync).Requires(Scope.DeliveriesRead).DescribedBy(ReplayDocs.List);
        app.MapGet("/v1/replays/{id}", GetAsync).Requires(Scope.DeliveriesRead).DescribedBy(ReplayDocs.Get);
        app.MapDelete("/v1/replays/{id}", CancelAsync).Requires(Scope.DeliveriesWrite).DescribedBy(ReplayDocs.Cancel);
    }

    private static async Task<IResult> ReplayOneAsync(
        string id, Caller caller, DeliveryStore deliveries, SingleReplay replay, ILogger<SingleReplay> logger, CancellationToken cancellationToken)
    {
        if (!PrefixedId.TryParse(PrefixedId.Delivery, id, out var deliveryId)
            || await deliveries.FindAsync(deliveryId, caller.TenantId, cancellationToken) is not { } original)
        {
            return NoSuchDelivery;
        }

        var (made, refusal) = await replay.MakeAsync(original, caller.Actor, cancellationToken);
        if (made is null)
        {
            return Problem.Conflict(refusal!);
        }

        var answer = DeliveryDetailResponse.Of(made, attempts: [], body: null);
        Log.Replayed(logger, id, answer.Id, caller.Token);
        return TypedResults.Accepted($"/v1/deliveries/{answer.Id}", answer);
    }

    private static async Task<IResult> RecoverAsync(
        string id, HttpRequest request, RequestClock clock, Caller caller, SubscriptionStore subscriptions, ReplayStarter starter, CancellationToken cancellationToken)
    {
        var body = await JsonBody.ReadAsync(request, clock, cancellationToken);
        return PrefixedId.TryParse(PrefixedId.Subscription, id, out var subscriptionId)
            && await subscriptions.FindAsync(subscriptionId, caller.TenantId, cancellationToken) is { } subscription
            ? await starter.StartAsync(ReplayRequest.ReadRecovery(body, subscription.Id, subscription.TenantId), subscription, caller, cancellationToken)
            : NoSuchSubscription;
    }

    private static async Task<IResult> ReplayManyAsync(
        HttpRequest request, RequestClock clock, Caller caller, SubscriptionStore subscriptions, ReplayStarter starter, CancellationToken cancellationToken)
    {
        var replay = ReplayRequest.Read(await JsonBody.ReadAsync(request, clock, cancellationToken), caller);
        if (replay.Filter.SubscriptionId is not { } named)
        {
            return await starter.StartAsync(replay, subscription: null, caller, cancellationToken);
        }

        return await subscriptions.FindAsync(named, replay.Filter.TenantId, cancellationToken) is { } subscription
            // Whose it is: an administrator need not say, and the tenant sees it.
            ? await starter.StartAsync(replay with { Filter = replay.Filter with { TenantId = subscription.TenantId } }, subscription, caller, cancellationToken)
            : NoSuchSubscription;
    }

    private static async Task<IResult> ListAsync(HttpRequest request, Caller caller, ReplayStore store, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request.Query);
        var (tenantId, limit, cursor) = (caller.TenantOfList(query.Text(Caller.TenantMember)), query.Limit(), query.Cursor(List));
        query.ThrowIfFaulty();

        var found = await store.ListAsync(tenantId, cursor?.Id, limit + 1, cancellationToken);
        return TypedResults.Ok(Page.Of(found, limit, ReplayResponse.Of, replay => Cursor.Of(replay.Id), List));
    }

    private static async Task<IResult> GetAsync(string id, Caller caller, ReplayStore store, CancellationToken cancellationToken) =>
        PrefixedId.TryParse(PrefixedId.Replay, id, out var replayId) && await store.FindAsync(replayId, caller.TenantId, cancellationToken) is { } found
            ? TypedResults.Ok(ReplayResponse.Of(found))
            : NoSuchReplay;

    private static async Task<IResult> CancelAsync(
        string id, Caller caller, ReplayStore store, ILogger<ReplayStore> logger, CancellationToken cancellationToken)
    {
        if (!PrefixedId.TryParse(PrefixedId.Replay, id, out var replayId) || !await store.CancelAsync(replayId, caller.TenantId, caller.Actor, cancellationToken))
        {
            return NoSuchReplay;
        }

        Log.Canceled(logger, id, caller.Token);
        return TypedResults.NoContent();
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Delivery {DeliveryId} is replayed as {ReplayId} with {CallerToken}")]
        public static partial void Replayed(ILogger logger, string deliveryId, string replayId, string callerToken);

        [LoggerMessage(2, LogLevel.Information, "Replay {ReplayId} canceled with {CallerToken}")]
        public static partial void Canceled(ILogger logger, string replayId, string callerToken);
    }
}
