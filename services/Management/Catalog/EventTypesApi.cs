using Webhooks.Api.Access;
using Webhooks.Api.Bodies;
using Webhooks.Api.OpenApi;
using Webhooks.Api.Pages;
using Webhooks.Api.Problems;

namespace Webhooks.Management.Catalog;

/// <summary>HTTP for <c>/v1/event-types</c>: the types that are built in, which are every tenant's.</summary>
internal static class EventTypesApi
{
    private const char List = 'y';

    public static void MapEventTypesApi(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/event-types", ListTypes).Requires(Scope.EventTypesRead).DescribedBy(EventTypeDocs.List);
        app.MapGet("/v1/event-types/{type}", FindType).Requires(Scope.EventTypesRead).DescribedBy(EventTypeDocs.Get);
    }

    private static IResult ListTypes(HttpRequest request, Caller caller)
    {
        var query = new QueryReader(request.Query);
        var (_, limit, after) = (caller.TenantOfList(query.Text(Caller.TenantMember)), query.Limit(), query.NameCursor(List));
        query.ThrowIfFaulty();

        // Types have no age: their order is that of their names.
        var rest = EventCatalog.All.Where(type => after is null || string.CompareOrdinal(type.Type, after) > 0).ToList();
        return TypedResults.Ok(new Page<EventTypeResponse>(
            [.. rest.Take(limit).Select(EventTypeResponse.Of)],
            rest.Count > limit ? NameCursor.Write(List, rest[limit - 1].Type) : null));
    }

    private static IResult FindType(string type) => EventCatalog.Find(type) is { } known
        ? TypedResults.Ok(EventTypeResponse.Of(known))
        : Problem.NotFound("There is no such event type.");
}

/// <summary>An event type in answers.</summary>
/// <param name="Schema">JSON Schema of its data; null when there is none.</param>
/// <param name="Example">As it is published, without its tenant.</param>
internal sealed record EventTypeResponse(string Type, string Description, RawJson? Schema, RawJson Example)
{
    public static EventTypeResponse Of(CatalogType known) =>
        new(known.Type, known.Description, known.Schema is { } schema ? new RawJson(schema) : null, new RawJson(known.Example));
}
