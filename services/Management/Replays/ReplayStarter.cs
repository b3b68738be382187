using Webhooks.Api.Access;
using Webhooks.Api.Problems;
using Webhooks.Contracts;
using Webhooks.Management.Events;
using Webhooks.Subscriptions;

namespace Webhooks.Management.Replays;

/// <summary>Takes on the replaying of many deliveries, or only counts them.</summary>
internal sealed partial class ReplayStarter(ReplayStore store, ReplayCounter counter, EventStore events, ILogger<ReplayStarter> logger)
{
    // Within the time an answer may take. What is not counted then, the dispatcher counts while it replays.
    private static readonly TimeSpan DryRunPatience = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);

    /// <param name="request">What.</param>
    /// <param name="subscription">The one that it names, if it does.</param>
    /// <param name="caller">Who.</param>
    public async Task<IResult> StartAsync(ReplayRequest request, Subscription? subscription, Caller caller, CancellationToken cancellationToken)
    {
        if (subscription is { State: SubscriptionState.Disabled })
        {
            return Problem.Conflict("The subscription is disabled: replays would be canceled at once. Make it active first.");
        }

        var moments = request.Filter.EventId is { } eventId ? await events.FindMomentsAsync(eventId, request.Filter.TenantId, cancellationToken) : null;
        if (moments is [])
        {
            return Problem.NotFound("There is no such event.");
        }

        var requestedAt = await store.NowAsync(cancellationToken);
        var selection = request.Selection(moments, requestedAt);
        if (request.IsDryRun)
        {
            var preview = await counter.CountAsync(selection, DryRunPatience, cancellationToken);
            return TypedResults.Ok(new DryRunResponse(Id: null, "dry_run", preview.Matched, Done: 0, preview.IsComplete));
        }

        if (await store.HasTooManyAsync(selection.Deliveries.TenantId, cancellationToken))
        {
            return Problem.Conflict($"{ReplayStore.MostUnfinished} replays are unfinished already: wait for one, or cancel one.");
        }

        var count = await counter.CountAsync(selection, Patience, cancellationToken);
        var id = PrefixedId.Format(PrefixedId.Replay, await store.CreateAsync(selection, request.RatePerSecond, count, caller.Actor, requestedAt, cancellationToken));
        Log.Started(logger, id, selection.Deliveries.TenantId ?? "all tenants", count.Matched, caller.Token);
        return TypedResults.Accepted($"/v1/replays/{id}", new ReplayStartedResponse(id, "pending", count.Matched, Done: 0));
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Replay {ReplayId} of {TenantId} taken on with {CallerToken}; {Matched} deliveries so far")]
        public static partial void Started(ILogger logger, string replayId, string tenantId, long matched, string callerToken);
    }
}
