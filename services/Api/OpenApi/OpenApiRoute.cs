using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;
using Webhooks.Api.Deadlines;

namespace Webhooks.Api.OpenApi;

/// <summary>Serves the document to everybody: it says nothing that the repository does not say, and tools that fetch it have no token.</summary>
internal static class OpenApiRoute
{
    public const string Path = "/openapi/v1.json";

    public static void MapOpenApi(this IEndpointRouteBuilder app, ApiDescription about)
    {
        // Composed at the first request, when every route is mapped; the same bytes from then on.
        var document = new Lazy<(byte[] Bytes, EntityTagHeaderValue Tag)>(() => Compose(about, app.ServiceProvider.GetRequiredService<EndpointDataSource>()));
        app.MapGet(Path, async (RequestClock clock) =>
        {
            // Composing it takes a cold and busy machine longer than a request has.
            var (bytes, tag) = await clock.WithoutAsync(() => Task.Run(() => document.Value));
            return TypedResults.Bytes(bytes, "application/json", entityTag: tag);
        });
    }

    private static (byte[] Bytes, EntityTagHeaderValue Tag) Compose(ApiDescription about, EndpointDataSource routes)
    {
        var bytes = ApiDocument.Write(about, routes);
        return (bytes, new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))}\""));
    }
}
