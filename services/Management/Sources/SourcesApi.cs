using Webhooks.Api.Access;
using Webhooks.Api.Bodies;
using Webhooks.Api.Deadlines;
using Webhooks.Api.Pages;
using Webhooks.Api.Problems;
using Webhooks.Contracts;
using Webhooks.Api.OpenApi;
using Webhooks.Sources;
using Webhooks.Sources.Storage;

namespace Webhooks.Management.Sources;

/// <summary>HTTP for <c>/v1/sources</c>.</summary>
internal static partial class SourcesApi
{
    private const char List = 'o';

    private static readonly Problem NotFound = Problem.NotFound("There is no such source.");

    public static void MapSourcesApi(this IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/sources", CreateAsync).Requires(Scope.SourcesWrite).DescribedBy(SourceDocs.Create);
        app.MapGet("/v1/sources", ListAsync).Requires(Scope.SourcesRead).DescribedBy(SourceDocs.List);
        app.MapGet("/v1/sources/{id}", GetAsync).Requires(Scope.SourcesRead).DescribedBy(SourceDocs.Get);
        app.MapPatch("/v1/sources/{id}", ChangeAsync).Requires(Scope.SourcesWrite).DescribedBy(SourceDocs.Change);
        app.MapDelete("/v1/sources/{id}", DeleteAsync).Requires(Scope.SourcesWrite).DescribedBy(SourceDocs.Delete);
    }

    private static async Task<IResult> CreateAsync(
        HttpRequest request, RequestClock clock, Caller caller, SourceStore store, TimeProvider time, ILogger<SourceStore> logger, CancellationToken cancellationToken)
    {
        var body = await JsonBody.ReadAsync(request, clock, cancellationToken);
        var tenantId = caller.TenantOfNew(body);
        var wanted = SourceMembers.Create(body, time.GetUtcNow());
        body.ThrowIfFaulty();

        var created = await store.CreateAsync(wanted with { TenantId = tenantId! }, caller.Actor, cancellationToken);
        var answer = SourceResponse.Of(created, showSecret: true);
        Log.Created(logger, answer.Id, created.Kind, created.TenantId, caller.Token);
        return TypedResults.Created($"/v1/sources/{answer.Id}", answer);
    }

    private static async Task<IResult> ListAsync(HttpRequest request, Caller caller, SourceStore store, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request.Query);
        var (tenantId, limit, cursor) = (caller.TenantOfList(query.Text(Caller.TenantMember)), query.Limit(), query.Cursor(List));
        query.ThrowIfFaulty();

        var found = await store.ListAsync(tenantId, cursor?.Id, limit + 1, cancellationToken);
        return TypedResults.Ok(Page.Of(found, limit, source => SourceResponse.Of(source), source => Cursor.Of(source.Id), List));
    }

    private static async Task<IResult> GetAsync(string id, Caller caller, SourceStore store, CancellationToken cancellationToken) =>
        PrefixedId.TryParse(PrefixedId.Source, id, out var sourceId) && await store.FindAsync(sourceId, caller.TenantId, cancellationToken) is { } found
            ? TypedResults.Ok(SourceResponse.Of(found))
            : NotFound;

    private static async Task<IResult> ChangeAsync(
        string id, HttpRequest request, RequestClock clock, Caller caller, SourceStore store, TimeProvider time, ILogger<SourceStore> logger, CancellationToken cancellationToken)
    {
        // Taken in whole before the row is locked: nobody waits for a slow client.
        var body = await JsonBody.ReadAsync(request, clock, cancellationToken);
        if (!PrefixedId.TryParse(PrefixedId.Source, id, out var sourceId)
            || await store.ChangeAsync(sourceId, caller.TenantId, Change, caller.Actor, cancellationToken) is not { } changed)
        {
            return NotFound;
        }

        var rotated = body.Names(SourceMembers.Secret);
        Log.Changed(logger, id, rotated ? "with a new secret" : "its secret kept", caller.Token);
        return TypedResults.Ok(SourceResponse.Of(changed, showSecret: rotated));

        Source Change(Source current)
        {
            caller.RefuseMove(body, current.TenantId);
            var next = SourceMembers.Change(body, current, time.GetUtcNow());
            body.ThrowIfFaulty();
            return next;
        }
    }

    private static async Task<IResult> DeleteAsync(string id, Caller caller, SourceStore store, ILogger<SourceStore> logger, CancellationToken cancellationToken)
    {
        if (!PrefixedId.TryParse(PrefixedId.Source, id, out var sourceId) || !await store.DeleteAsync(sourceId, caller.TenantId, caller.Actor, cancellationToken))
        {
            return NotFound;
        }

        Log.Deleted(logger, id, caller.Token);
        return TypedResults.NoContent();
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Source {SourceId} ({Kind}) of {TenantId} created with {CallerToken}")]
        public static partial void Created(ILogger logger, string sourceId, string kind, string tenantId, string callerToken);

        [LoggerMessage(2, LogLevel.Information, "Source {SourceId} changed, {Rotation}, with {CallerToken}")]
        public static partial void Changed(ILogger logger, string sourceId, string rotation, string callerToken);

        [LoggerMessage(3, LogLevel.Information, "Source {SourceId} deleted with {CallerToken}")]
        public static partial void Deleted(ILogger logger, string sourceId, string callerToken);
    }
}
