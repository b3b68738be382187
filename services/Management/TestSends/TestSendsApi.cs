using Webhooks.Api.Access;
using Webhooks.Api.Bodies;
using Webhooks.Api.Deadlines;
using Webhooks.Api.OpenApi;
using Webhooks.Api.Problems;
using Webhooks.Contracts;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Management.TestSends;

/// <summary>HTTP for test sends: to a subscription, and to any URL.</summary>
internal static partial class TestSendsApi
{
    public static void MapTestSendsApi(this IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/subscriptions/{id}/test", TestSubscriptionAsync).Requires(Scope.SubscriptionsWrite).DescribedBy(TestSendDocs.TestSubscription);
        app.MapPost("/v1/test", TestUrlAsync).Requires(Scope.SubscriptionsWrite).DescribedBy(TestSendDocs.TestUrl);
    }

    private static async Task<IResult> TestSubscriptionAsync(
        string id, HttpRequest request, RequestClock clock, Caller caller, SubscriptionStore store, TestSender sender, ILogger<TestSender> logger, CancellationToken cancellationToken)
    {
        var body = await JsonBody.ReadOptionalAsync(request, clock, cancellationToken);
        if (!PrefixedId.TryParse(PrefixedId.Subscription, id, out var subscriptionId)
            || await store.FindAsync(subscriptionId, caller.TenantId, cancellationToken) is not { } subscription)
        {
            return Problem.NotFound("There is no such subscription.");
        }

        var sent = await sender.SendAsync(subscription, TestSendMembers.ReadType(body), caller, clock, cancellationToken);
        Log.Subscription(logger, id, caller.Token, sent.Outcome);
        return TypedResults.Ok(sent);
    }

    private static async Task<IResult> TestUrlAsync(
        HttpRequest request, HttpResponse response, RequestClock clock, Caller caller, TestSendMembers members, TestSender sender, ILogger<TestSender> logger, CancellationToken cancellationToken)
    {
        var body = await JsonBody.ReadOptionalAsync(request, clock, cancellationToken);
        var (subscription, type, hasOwnSecret) = members.ReadUrl(body, caller);
        // Before the wait, after which the response may be another request's.
        response.Headers.CacheControl = "no-store";

        var sent = await sender.SendAsync(subscription, type, caller, clock, cancellationToken);
        Log.Url(logger, subscription.TenantId, caller.Token, sent.Outcome);
        return TypedResults.Ok(new UrlTestResponse(sent, hasOwnSecret ? null : subscription.SigningSecret));
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Subscription {SubscriptionId} tested with {CallerToken}: {Outcome}")]
        public static partial void Subscription(ILogger logger, string subscriptionId, string callerToken, string outcome);

        [LoggerMessage(2, LogLevel.Information, "A URL tested for {TenantId} with {CallerToken}: {Outcome}")]
        public static partial void Url(ILogger logger, string tenantId, string callerToken, string outcome);
    }
}
