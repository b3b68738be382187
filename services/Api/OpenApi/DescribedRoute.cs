using Webhooks.Api.Access;

namespace Webhooks.Api.OpenApi;

/// <summary>A route of the API as it is mapped, with what is said about it. Without a scope it takes no token.</summary>
internal sealed record DescribedRoute(string Path, string Method, string? Scope, Operation Operation)
{
    /// <summary>All that are described. That none is forgotten is a test's concern.</summary>
    public static IReadOnlyList<DescribedRoute> Of(EndpointDataSource routes) =>
    [
        .. from route in routes.Endpoints.OfType<RouteEndpoint>()
           let mark = route.Metadata.GetMetadata<OperationMark>()
           let scope = route.Metadata.GetMetadata<RequiredScope>()
           where mark is not null
           let operation = mark.Describe()
           from method in route.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods
           select new DescribedRoute(route.RoutePattern.RawText!, method.ToLowerInvariant(), scope?.Name, operation),
    ];
}
