using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http.Features;
using Webhooks.Api.Access;
using Webhooks.Api.Bodies;
using Webhooks.Api.Deadlines;
using Webhooks.Api.OpenApi;
using Webhooks.Api.Problems;
using Webhooks.CallbackIngest.Auditing;
using Webhooks.CallbackIngest.Commands;
using Webhooks.CallbackIngest.Keys;
using Webhooks.CallbackIngest.Limits;
using Webhooks.CallbackIngest.Routes;
using Webhooks.Subscriptions.Events;

namespace Webhooks.CallbackIngest.Callbacks;

/// <summary>HTTP for callbacks: one route for each entry of the table.</summary>
internal static class CallbacksApi
{
    public const string ReplayedHeader = "X-Idempotency-Replayed";

    private static readonly AcceptedResponse Accepted = new("accepted");

    public static void MapCallbacksApi(this IEndpointRouteBuilder app)
    {
        foreach (var route in app.ServiceProvider.GetRequiredService<RouteTable>().All)
        {
            app.MapPost(route.Template, (HttpContext context, RequestClock clock, Caller caller, CallbackIntake intake, BodyRooms rooms, TimeProvider time) =>
                TakeAsync(context, route, clock, caller, intake, rooms.OfCallers, time)).Requires(Scope.CallbacksWrite).DescribedBy(() => CallbackDocs.Take(route));
        }
    }

    private static async Task<IResult> TakeAsync(
        HttpContext context, CallbackRoute route, RequestClock clock, Caller caller, CallbackIntake intake, BodyRoom room, TimeProvider time)
    {
        var (request, clientGone, call) = (context.Request, context.RequestAborted, context.Features.GetRequiredFeature<CallInHand>());
        var errors = new List<FieldError>();
        var tenantId = TenantOf(request.Query, caller, errors);
        var subjectId = SubjectOf(request, route, errors);
        var key = IdempotencyKey.Read(request.Headers, errors);
        var (actor, activity) = (caller.Actor, Activity.Current);

        using var place = room.PlaceFor(clientGone);
        var raw = await place.ReadAsync(token => RequestBody.ReadAsync(request, RequestBody.Limit, clock, place.TakeAsync, token));
        var body = Read(new CallbackBodyReader(route, errors), raw, call);
        var callback = new IncomingCallback
        {
            Route = route,
            TenantId = tenantId,
            SubjectId = subjectId,
            Key = key,
            CommandId = CommandId.Of(tenantId, route.Name, body.ExternalSystem, subjectId, key),
            Fingerprint = SHA256.HashData(raw),
            Body = body,
            ReceivedAt = time.GetUtcNow(),
            Actor = actor,
            TraceParent = activity is { IdFormat: ActivityIdFormat.W3C } ? activity.Id : null,
            TraceId = activity?.TraceId.ToString(),
        };

        call.CommandId = callback.CommandId;
        // The intake has a limit of its own.
        var replayed = await clock.WithoutAsync(() => intake.AcceptAsync(callback, clientGone));
        return new AcceptedResult(replayed);
    }

    private static CallbackBody Read(CallbackBodyReader reader, byte[] raw, CallInHand call)
    {
        try
        {
            return reader.Read(raw);
        }
        finally
        {
            // Of a body that is refused, too.
            call.ExternalSystem = reader.ExternalSystem;
        }
    }

    private static string TenantOf(IQueryCollection query, Caller caller, List<FieldError> errors)
    {
        // A foreign one was refused with the token.
        if (caller.TenantId is { } own)
        {
            return own;
        }

        if (query[Caller.TenantMember] is [{ } named] && EventRules.IsTenantId(named))
        {
            return named;
        }

        errors.Add(query.ContainsKey(Caller.TenantMember)
            ? new FieldError("/" + Caller.TenantMember, FieldError.InvalidFormat, "It must be 1–64 of A-Z, a-z, 0-9, _ and -, once.")
            : new FieldError("/" + Caller.TenantMember, FieldError.Required, "This token is no tenant's own: name the tenant in the query."));
        return "";
    }

    private static string SubjectOf(HttpRequest request, CallbackRoute route, List<FieldError> errors)
    {
        var subjectId = request.RouteValues[route.SubjectName] as string ?? "";
        if (!EventRules.IsId(subjectId))
        {
            errors.Add(new FieldError("/" + route.SubjectName, FieldError.InvalidFormat, "It must be 1–128 of A-Z, a-z, 0-9, _, ., : and -."));
        }

        return subjectId;
    }

    /// <summary>The answer to every callback that is done, now or before.</summary>
    private sealed class AcceptedResult(bool replayed) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers[ReplayedHeader] = replayed ? "true" : "false";
            return httpContext.Response.WriteAsJsonAsync(Accepted, httpContext.RequestAborted);
        }
    }
}

/// <summary>The body of that answer.</summary>
internal sealed record AcceptedResponse(string Status);
