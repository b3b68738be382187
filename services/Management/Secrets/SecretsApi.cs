using Webhooks.Api.Access;
using Webhooks.Api.Bodies;
using Webhooks.Api.Deadlines;
using Webhooks.Api.OpenApi;
using Webhooks.Api.Problems;
using Webhooks.Contracts;
using Webhooks.Database.Auditing;
using Webhooks.Management.Auditing;
using Webhooks.Management.Subscriptions;
using Webhooks.Subscriptions.Health;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Secrets;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Management.Secrets;

/// <summary>HTTP for a subscription's secret: rotating it, and showing it to callers that may see it.</summary>
internal static partial class SecretsApi
{
    public const int UsualGrace = 86_400;
    public const int LongestGrace = 30 * 86_400;

    private static readonly Problem NotFound = Problem.NotFound("There is no such subscription.");

    public static void MapSecretsApi(this IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/subscriptions/{id}/rotate-secret", RotateAsync).Requires(Scope.SubscriptionsWrite).DescribedBy(SecretDocs.Rotate);
        app.MapGet("/v1/subscriptions/{id}/secret", RevealAsync).Requires(Scope.SecretsRead).DescribedBy(SecretDocs.Reveal);
    }

    private static async Task<IResult> RotateAsync(
        string id, HttpRequest request, RequestClock clock, Caller caller, SubscriptionStore store, HealthReader health, TimeProvider time,
        ILogger<SubscriptionStore> logger, CancellationToken cancellationToken)
    {
        var precondition = Precondition.Of(request);
        var body = await JsonBody.ReadOptionalAsync(request, clock, cancellationToken);
        if (!PrefixedId.TryParse(PrefixedId.Subscription, id, out var subscriptionId))
        {
            return NotFound;
        }

        // Before the change: once it is committed, nothing may fail any more.
        var known = await health.FindAsync(subscriptionId, cancellationToken);
        if (await store.BeginChangeAsync(subscriptionId, caller.TenantId, cancellationToken) is not { } change)
        {
            return NotFound;
        }

        await using (change)
        {
            if (!precondition.Holds(change.Current))
            {
                return Problem.PreconditionFailed;
            }

            var profile = change.Current.Settings.EffectiveProfile;
            var (grace, given) = Read(body, profile, change.Current.SigningSecret);
            var saved = await change.SaveAsync(
                change.Current with { Secrets = SecretRotation.Rotate(change.Current.Secrets, given ?? SecretRule.Generate(profile.Signature), time.GetUtcNow(), grace) },
                caller.Actor,
                cancellationToken);

            Log.Rotated(logger, id, grace.TotalSeconds, caller.Token);
            return new TaggedResult(saved, TypedResults.Ok(SubscriptionResponse.Of(saved, known, showSecret: true)));
        }
    }

    private static async Task<IResult> RevealAsync(
        string id, HttpResponse response, Caller caller, SubscriptionStore store, AuditLog audit, ILogger<SubscriptionStore> logger, CancellationToken cancellationToken)
    {
        if (!PrefixedId.TryParse(PrefixedId.Subscription, id, out var subscriptionId)
            || await store.FindAsync(subscriptionId, caller.TenantId, cancellationToken) is not { } found)
        {
            return NotFound;
        }

        // Before anything is shown: what cannot be audited is not shown.
        await audit.AppendAsync(caller.Actor.Did(AuditAction.SecretRevealed, found.TenantId, id), cancellationToken);
        Log.Revealed(logger, id, caller.Token);
        response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(new SecretResponse(found.SigningSecret));
    }

    private static (TimeSpan Grace, string? Given) Read(MemberReader body, Profile profile, string present)
    {
        var grace = TimeSpan.FromSeconds(body.WholeNumber("grace_period_seconds", UsualGrace, UsualGrace, 0, LongestGrace));
        var given = body.Text<string?>("secret", null, null, SecretReading.Read);
        if (given is not null && SecretRule.FaultOf(given, profile.Signature) is { } fault)
        {
            body.Fault("secret", FieldError.InvalidValue, $"It does not fit the signature of the profile {profile.Name}. {fault}");
        }
        else if (given == present)
        {
            body.Fault("secret", FieldError.InvalidValue, "It is the present secret; give another one, or none to have one made.");
        }

        body.RefuseOthers();
        body.ThrowIfFaulty();
        return (grace, given);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "The secret of subscription {SubscriptionId} was rotated with {CallerToken}; the old one stays valid for {Seconds} s")]
        public static partial void Rotated(ILogger logger, string subscriptionId, double seconds, string callerToken);

        [LoggerMessage(2, LogLevel.Information, "The secret of subscription {SubscriptionId} was shown to {CallerToken}")]
        public static partial void Revealed(ILogger logger, string subscriptionId, string callerToken);
    }
}

/// <summary>A secret in full.</summary>
internal sealed record SecretResponse(string Secret);
