using Microsoft.Extensions.Options;
using Webhooks.Api.Access;
using Webhooks.Api.OpenApi;
using Webhooks.Api.Pages;

namespace Webhooks.Management.Egress;

/// <summary>HTTP for <c>/v1/egress</c>.</summary>
internal static class EgressApi
{
    public static void MapEgressApi(this IEndpointRouteBuilder app) =>
        app.MapGet("/v1/egress", GetEgress).Requires(Scope.DeliveriesRead).DescribedBy(EgressDocs.Get);

    private static IResult GetEgress(HttpRequest request, IOptions<EgressOptions> options)
    {
        new QueryReader(request.Query).ThrowIfFaulty();
        return TypedResults.Ok(new EgressResponse([.. options.Value.Ranges.Select(range => range.ToString())]));
    }
}

/// <summary>Where sends come from; empty: the operator does not say.</summary>
internal sealed record EgressResponse(IReadOnlyList<string> Ranges);
