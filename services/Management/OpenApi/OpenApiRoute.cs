using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Webhooks.Management.OpenApi;

/// <summary>Serves the document to everybody: it says nothing that the repository does not say, and tools that fetch it have no token.</summary>
internal static class OpenApiRoute
{
    public const string Path = "/openapi/v1.json";

    public static void MapOpenApi(this IEndpointRouteBuilder app)
    {
        // Composed at the first request, when every route is mapped; the same bytes from then on.
        var document = new Lazy<(byte[] Bytes, EntityTagHeaderValue Tag)>(() => Compose(app.ServiceProvider.GetRequiredService<EndpointDataSource>()));
        app.MapGet(Path, () => TypedResults.Bytes(document.Value.Bytes, "application/json", entityTag: document.Value.Tag));
    }

    private static (byte[] Bytes, EntityTagHeaderValue Tag) Compose(EndpointDataSource routes)
    {
        var bytes = ApiDocument.Write(routes);
        return (bytes, new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))}\""));
    }
}
