using Webhooks.Api.Access;
using Webhooks.Api.Deadlines;
using Webhooks.Api.OpenApi;
using Webhooks.Api.Pages;
using Webhooks.Api.Problems;
using Webhooks.Contracts;

namespace Webhooks.Management.Parking;

/// <summary>HTTP for <c>/v1/parked</c>.</summary>
internal static partial class ParkedApi
{
    private const char List = 'p';

    private static readonly Problem NotFound = Problem.NotFound("There is no such parked message.");

    public static void MapParkedApi(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/parked", ListAsync).Requires(Scope.Admin).DescribedBy(ParkedDocs.List);
        app.MapGet("/v1/parked/{id}", GetAsync).Requires(Scope.Admin).DescribedBy(ParkedDocs.Get);
        app.MapPost("/v1/parked/{id}/republish", RepublishAsync).Requires(Scope.Admin).DescribedBy(ParkedDocs.Republish);
        app.MapDelete("/v1/parked/{id}", DeleteAsync).Requires(Scope.Admin).DescribedBy(ParkedDocs.Delete);
    }

    private static async Task<IResult> ListAsync(HttpRequest request, Caller caller, ParkedList list, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request.Query);
        var (filter, limit, cursor) = (ParkedFilter.Read(query, caller), query.Limit(), query.Cursor(List));
        query.ThrowIfFaulty();

        var (page, next) = await list.ReadAsync(filter, cursor, limit, cancellationToken);
        return TypedResults.Ok(new Page<ParkedResponse>([.. page.Select(ParkedResponse.Of)], next?.Write(List)));
    }

    private static async Task<IResult> GetAsync(string id, Caller caller, ParkedStore store, CancellationToken cancellationToken) =>
        await FindAsync(id, caller, store, cancellationToken) is { } parked
        && await store.BeginningAsync(parked.Id, ShownBody.Most, cancellationToken) is { } content
            ? TypedResults.Ok(ParkedDetailResponse.Of(parked, content))
            : NotFound;

    private static async Task<IResult> RepublishAsync(
        string id, Caller caller, RequestClock clock, ParkedStore store, Republisher republisher, ILogger<Republisher> logger, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, caller, store, cancellationToken) is not { } parked
            || await republisher.RepublishAsync(parked, caller.Actor, clock, cancellationToken) is not { } republished)
        {
            return NotFound;
        }

        Log.Republished(logger, id, parked.Queue!, caller.Token);
        return TypedResults.Json(ParkedResponse.Of(republished), statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> DeleteAsync(
        string id, Caller caller, ParkedStore store, ILogger<Republisher> logger, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, caller, store, cancellationToken) is not { } parked || !await store.DeleteAsync(parked, caller.Actor, cancellationToken))
        {
            return NotFound;
        }

        Log.Deleted(logger, id, caller.Token);
        return TypedResults.NoContent();
    }

    private static async Task<StoredParked?> FindAsync(string id, Caller caller, ParkedStore store, CancellationToken cancellationToken) =>
        PrefixedId.TryParse(PrefixedId.Parked, id, out var parkedId) ? await store.FindAsync(parkedId, caller.TenantId, cancellationToken) : null;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Parked message {ParkedId} is put back into {Queue} with {CallerToken}")]
        public static partial void Republished(ILogger logger, string parkedId, string queue, string callerToken);

        [LoggerMessage(2, LogLevel.Information, "Parked message {ParkedId} deleted with {CallerToken}")]
        public static partial void Deleted(ILogger logger, string parkedId, string callerToken);
    }
}
