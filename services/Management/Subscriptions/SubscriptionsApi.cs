using Webhooks.Api.Access;
using Webhooks.Api.Bodies;
using Webhooks.Api.Deadlines;
using Webhooks.Api.OpenApi;
using Webhooks.Api.Pages;
using Webhooks.Api.Problems;
using Webhooks.Contracts;
using Webhooks.Database;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Health;
using Webhooks.Subscriptions.Secrets;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Management.Subscriptions;

/// <summary>HTTP for <c>/v1/subscriptions</c>.</summary>
internal static partial class SubscriptionsApi
{
    private const char List = 's';

    private static readonly Problem NotFound = Problem.NotFound("There is no such subscription.");

    public static void MapSubscriptionsApi(this IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/subscriptions", CreateAsync).Requires(Scope.SubscriptionsWrite).DescribedBy(SubscriptionDocs.Create);
        app.MapGet("/v1/subscriptions", ListAsync).Requires(Scope.SubscriptionsRead).DescribedBy(SubscriptionDocs.List);
        app.MapGet("/v1/subscriptions/{id}", GetAsync).Requires(Scope.SubscriptionsRead).DescribedBy(SubscriptionDocs.Get);
        app.MapPatch("/v1/subscriptions/{id}", ChangeAsync).Requires(Scope.SubscriptionsWrite).DescribedBy(SubscriptionDocs.Change);
        app.MapDelete("/v1/subscriptions/{id}", DeleteAsync).Requires(Scope.SubscriptionsWrite).DescribedBy(SubscriptionDocs.Delete);
    }

    private static async Task<IResult> CreateAsync(
        HttpRequest request, RequestClock clock, Caller caller, SubscriptionMembers members, DelayQueues delays, SubscriptionStore store, ILogger<SubscriptionMembers> logger, CancellationToken cancellationToken)
    {
        var body = await JsonBody.ReadAsync(request, clock, cancellationToken);
        var tenantId = caller.TenantOfNew(body);
        var draft = members.Create(body);
        body.ThrowIfFaulty();

        var settings = draft.Settings();
        // Before the row: a queue must exist before the first message that waits in it.
        await delays.EnsureAsync(settings.Retry, clock, cancellationToken);
        var created = await store.CreateAsync(tenantId!, draft.State, settings, draft.SecretOrNew(), caller.Actor, cancellationToken);

        var answer = SubscriptionResponse.Of(created, showSecret: true);
        Log.Created(logger, answer.Id, created.TenantId, caller.Token);
        return new TaggedResult(created, TypedResults.Created($"/v1/subscriptions/{answer.Id}", answer));
    }

    private static async Task<IResult> ListAsync(HttpRequest request, Caller caller, SubscriptionStore store, HealthReader health, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request.Query);
        var (tenantId, limit, cursor) = (caller.TenantOfList(query.Text(Caller.TenantMember)), query.Limit(), query.Cursor(List));
        var channel = query.Text("channel");
        if (channel is not null && ChannelReading.Read(channel).Fault is { } fault)
        {
            query.Fault("channel", FieldError.InvalidFormat, fault);
        }

        query.ThrowIfFaulty();

        var found = await store.ListAsync(tenantId, channel, cursor?.Id, limit + 1, cancellationToken);
        var unwell = await health.FindAsync(found.Select(subscription => subscription.Id), cancellationToken);
        return TypedResults.Ok(Page.Of(
            found, limit, subscription => SubscriptionResponse.Of(subscription, unwell.GetValueOrDefault(subscription.Id)), subscription => Cursor.Of(subscription.Id), List));
    }

    private static async Task<IResult> GetAsync(string id, Caller caller, SubscriptionStore store, HealthReader health, CancellationToken cancellationToken)
    {
        if (!PrefixedId.TryParse(PrefixedId.Subscription, id, out var subscriptionId)
            || await store.FindAsync(subscriptionId, caller.TenantId, cancellationToken) is not { } found)
        {
            return NotFound;
        }

        return new TaggedResult(found, TypedResults.Ok(SubscriptionResponse.Of(found, await health.FindAsync(subscriptionId, cancellationToken))));
    }

    private static async Task<IResult> ChangeAsync(
        string id, HttpRequest request, RequestClock clock, Caller caller, SubscriptionMembers members, DelayQueues delays, SubscriptionStore store, HealthReader health,
        ILogger<SubscriptionMembers> logger, CancellationToken cancellationToken)
    {
        // Taken in whole before the row is locked: nobody waits for a slow client.
        var precondition = Precondition.Of(request);
        var body = await JsonBody.ReadAsync(request, clock, cancellationToken);
        // Before the change: once it is committed, nothing may fail any more.
        var known = PrefixedId.TryParse(PrefixedId.Subscription, id, out var subscriptionId) ? await health.FindAsync(subscriptionId, cancellationToken) : null;
        if (await BeginAsync(id, caller, store, cancellationToken) is not { } change)
        {
            return NotFound;
        }

        await using (change)
        {
            if (!precondition.Holds(change.Current))
            {
                return Problem.PreconditionFailed;
            }

            caller.RefuseMove(body, change.Current.TenantId);
            var draft = members.Change(body, SubscriptionDraft.From(change.Current));
            body.ThrowIfFaulty();

            var next = Next(change.Current, draft);
            if (next.Settings.Retry != change.Current.Settings.Retry)
            {
                await IdleTransaction.AllowAsync(change.Connection, cancellationToken);
                await delays.EnsureAsync(next.Settings.Retry, clock, cancellationToken);
            }

            var saved = await change.SaveAsync(next, caller.Actor, cancellationToken);

            if (saved != change.Current)
            {
                Log.Changed(logger, id, saved.Revision, SubscriptionStateName.Of(saved.State), caller.Token);
            }

            // A secret that was generated just now is known to nobody yet.
            return new TaggedResult(saved, TypedResults.Ok(SubscriptionResponse.Of(saved, change.ResetsHealth(saved) ? null : known, showSecret: draft.Secret is null)));
        }
    }

    private static async Task<IResult> DeleteAsync(
        string id, HttpRequest request, Caller caller, SubscriptionStore store, ILogger<SubscriptionMembers> logger, CancellationToken cancellationToken)
    {
        var precondition = Precondition.Of(request);
        if (await BeginAsync(id, caller, store, cancellationToken) is not { } change)
        {
            return NotFound;
        }

        await using (change)
        {
            if (!precondition.Holds(change.Current))
            {
                return Problem.PreconditionFailed;
            }

            await change.SaveAsync(change.Current with { Deleted = true }, caller.Actor, cancellationToken);
        }

        Log.Deleted(logger, id, caller.Token);
        return TypedResults.NoContent();
    }

    private static async Task<SubscriptionChange?> BeginAsync(string id, Caller caller, SubscriptionStore store, CancellationToken cancellationToken) =>
        PrefixedId.TryParse(PrefixedId.Subscription, id, out var subscriptionId)
            ? await store.BeginChangeAsync(subscriptionId, caller.TenantId, cancellationToken)
            : null;

    private static Subscription Next(Subscription current, SubscriptionDraft draft) => current with
    {
        State = draft.State,
        Settings = draft.Settings(),
        Secrets = draft.Secret == current.SigningSecret ? current.Secrets : [new SubscriptionSecret(draft.SecretOrNew())],
        // Whoever sets the state now knows why.
        DisabledReason = draft.State == current.State ? current.DisabledReason : null,
    };

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Subscription {SubscriptionId} of {TenantId} created with {CallerToken}")]
        public static partial void Created(ILogger logger, string subscriptionId, string tenantId, string callerToken);

        [LoggerMessage(2, LogLevel.Information, "Subscription {SubscriptionId} changed with {CallerToken} to revision {Revision}, {State}")]
        public static partial void Changed(ILogger logger, string subscriptionId, int revision, string state, string callerToken);

        [LoggerMessage(3, LogLevel.Information, "Subscription {SubscriptionId} deleted with {CallerToken}")]
        public static partial void Deleted(ILogger logger, string subscriptionId, string callerToken);
    }
}
