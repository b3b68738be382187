using Webhooks.Api.Access;
using Webhooks.Api.OpenApi;
using Webhooks.Api.Pages;
using Webhooks.Contracts;

namespace Webhooks.Management.Auditing;

/// <summary>HTTP for <c>/v1/audit</c>.</summary>
internal static class AuditApi
{
    private const char List = 'a';

    public static void MapAuditApi(this IEndpointRouteBuilder app) =>
        app.MapGet("/v1/audit", ListAsync).Requires(Scope.Admin).DescribedBy(AuditDocs.List);

    private static async Task<IResult> ListAsync(HttpRequest request, Caller caller, AuditList list, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request.Query);
        var (filter, limit, cursor) = (AuditFilter.Read(query, caller), query.Limit(), query.Cursor(List));
        query.ThrowIfFaulty();

        var found = await list.ReadAsync(filter, cursor, limit + 1, cancellationToken);
        return TypedResults.Ok(new Page<AuditResponse>([.. found.Take(limit)], found.Count > limit ? CursorAfter(found[limit - 1]) : null));
    }

    private static string? CursorAfter(AuditResponse last) =>
        PrefixedId.TryParse(PrefixedId.Audit, last.Id, out var id) ? new Cursor(last.CreatedAt, id).Write(List) : null;
}
