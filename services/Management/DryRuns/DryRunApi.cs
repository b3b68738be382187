using Microsoft.Extensions.Options;
using Webhooks.Api.Access;
using Webhooks.Api.Bodies;
using Webhooks.Api.Deadlines;
using Webhooks.Api.OpenApi;
using Webhooks.Api.Pages;
using Webhooks.Management.Events;

namespace Webhooks.Management.DryRuns;

/// <summary>HTTP for <c>/v1/dry-run</c>.</summary>
internal static class DryRunApi
{
    public static void MapDryRunApi(this IEndpointRouteBuilder app) => app.MapPost("/v1/dry-run", RunAsync)
        .Requires(Scope.EventsPublish).DescribedBy(DryRunDocs.Run);

    private static async Task<IResult> RunAsync(
        HttpRequest request, RequestClock clock, Caller caller, DryRun dryRun, IOptions<EventOptions> options, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request.Query);
        var cursor = query.Cursor(DryRun.List);
        query.ThrowIfFaulty();

        // Read as it is when it is published, so that what is refused there is refused here.
        var limit = options.Value.MaxEventBytes;
        var body = await RequestBody.ReadAsync(request, limit, clock, cancellationToken);
        return TypedResults.Ok(await dryRun.RunAsync(OutgoingEvent.Read(body, caller, limit).Event, cursor, cancellationToken));
    }
}
