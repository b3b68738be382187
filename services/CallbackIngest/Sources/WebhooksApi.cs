using System.Security.Cryptography;
using Microsoft.AspNetCore.Http.Features;
using Webhooks.Api.Bodies;
using Webhooks.Api.Deadlines;
using Webhooks.Api.OpenApi;
using Webhooks.Api.Problems;
using Webhooks.CallbackIngest.Auditing;
using Webhooks.CallbackIngest.Callbacks;
using Webhooks.CallbackIngest.Limits;
using Webhooks.Database.Auditing;
using Webhooks.Sources.Mapping;

namespace Webhooks.CallbackIngest.Sources;

/// <summary>HTTP for sources' webhooks. No token: a webhook is proved by what its source says.</summary>
internal static class WebhooksApi
{
    private static readonly Problem NotFound = Problem.NotFound("There is no such source.");

    public static void MapWebhooksApi(this IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/sources/{sourceId}", TakeAsync).DescribedBy(WebhookDocs.Take);
        app.MapPost("/v1/sources/{sourceId}/{exceptionId}", TakeAsync).DescribedBy(WebhookDocs.TakeAbout);
    }

    private static async Task<IResult> TakeAsync(HttpContext context, RequestClock clock, SourceCache sources, WebhookCheck check, WebhookReader reader, WebhookIntake intake, BodyRooms rooms)
    {
        var (request, clientGone, call) = (context.Request, context.RequestAborted, context.Features.GetRequiredFeature<CallInHand>());
        var (pathId, sourceId) = (request.RouteValues["exceptionId"] as string, request.RouteValues["sourceId"] as string ?? "");
        if (sources.Find(sourceId) is not { } known)
        {
            return NotFound;
        }

        // Taken out now: when the time is up the request is another's.
        var headers = request.Headers.ToDictionary(header => header.Key, header => string.Join(", ", header.Value.ToArray()), StringComparer.OrdinalIgnoreCase);
        var query = request.Query.ToDictionary(parameter => parameter.Key, parameter => parameter.Value.Count == 1 ? parameter.Value[0] : null, StringComparer.Ordinal);
        var remoteAddress = AddressOf(context.Connection);
        using var place = rooms.OfSources.PlaceFor(clientGone);
        var raw = await place.ReadAsync(token => RequestBody.ReadAnyAsync(request, clock, place.TakeAsync, token));

        // Before anything is parsed: only the source's own bytes are worth it.
        check.Check(known, headers.GetValueOrDefault, raw);
        (call.Actor, call.TenantId, call.SourceId) = (new Actor(known.Id, known.Source.Name, remoteAddress), known.Source.TenantId, known.Id);

        var read = reader.Read(known, headers.GetValueOrDefault("Content-Type"), raw);
        if (SlackRequest.ChallengeOf(known.Source, read.Body) is { } challenge)
        {
            return TypedResults.Ok(new ChallengeResponse(challenge));
        }

        if (SlackRequest.IsProbe(known.Source, read))
        {
            return TypedResults.Ok();
        }

        var webhook = new ReceivedWebhook
        {
            PathId = pathId,
            Query = query.GetValueOrDefault,
            Headers = headers.GetValueOrDefault,
            Fingerprint = SHA256.HashData(raw),
            Body = read.Body,
        };
        var answer = await intake.TakeAsync(known, webhook, call, clock, clientGone);
        return new AnsweredResult(answer, hasBody: !SlackRequest.WantsNoBody(known.Source, read));
    }

    private static string? AddressOf(ConnectionInfo connection) =>
        connection.RemoteIpAddress is { IsIPv4MappedToIPv6: true } mapped ? mapped.MapToIPv4().ToString() : connection.RemoteIpAddress?.ToString();

    private sealed record ChallengeResponse(string Challenge);

    /// <summary>The answer to an authentic webhook.</summary>
    private sealed class AnsweredResult(WebhookAnswer answer, bool hasBody) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers[CallbacksApi.ReplayedHeader] = answer.IsReplay ? "true" : "false";
            return hasBody ? httpContext.Response.WriteAsJsonAsync(answer, httpContext.RequestAborted) : Task.CompletedTask;
        }
    }
}
