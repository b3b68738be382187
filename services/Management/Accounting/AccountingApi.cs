using Webhooks.Api.Access;
using Webhooks.Api.OpenApi;
using Webhooks.Api.Pages;

namespace Webhooks.Management.Accounting;

/// <summary>HTTP for <c>/v1/accounting</c>.</summary>
internal static class AccountingApi
{
    public static void MapAccountingApi(this IEndpointRouteBuilder app) =>
        app.MapGet("/v1/accounting", GetAsync).Requires(Scope.DeliveriesRead).DescribedBy(AccountingDocs.Get);

    private static async Task<IResult> GetAsync(HttpRequest request, Caller caller, AccountingStore accounting, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request.Query);
        var tenantId = caller.TenantOfList(query.Text(Caller.TenantMember));
        query.ThrowIfFaulty();

        return TypedResults.Ok(await accounting.ReadAsync(tenantId, cancellationToken));
    }
}

/// <summary>What was accepted, matched, ended and parked, ever. Matched is always the sum of the five that follow it but for parked.</summary>
internal sealed record AccountingResponse(
    long Accepted, long Matched, long Delivered, long Failed, long Exhausted, long Canceled, long Pending, long Parked)
{
    public static AccountingResponse Of(long accepted, long matched, long delivered, long failed, long exhausted, long canceled, long parked) =>
        new(accepted, matched, delivered, failed, exhausted, canceled, matched - delivered - failed - exhausted - canceled, parked);
}
