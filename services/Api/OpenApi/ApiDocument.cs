using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Webhooks.Api.Access;

namespace Webhooks.Api.OpenApi;

/// <summary>Puts the OpenAPI document together from what the mapped routes carry: their path, their method, their scope and their description.</summary>
internal static class ApiDocument
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The document as it is served.</summary>
    public static byte[] Write(ApiDescription about, EndpointDataSource routes) => [.. JsonSerializer.SerializeToUtf8Bytes(Compose(about, routes), Readable), (byte)'\n'];

    private static JsonObject Compose(ApiDescription about, EndpointDataSource routes)
    {
        var operations = DescribedRoute.Of(routes);
        var paths = new JsonObject();
        foreach (var path in operations.GroupBy(route => route.Path))
        {
            paths[path.Key] = new JsonObject(path.Select(route => KeyValuePair.Create(route.Method, (JsonNode?)OperationWriter.Write(route.Operation, route.Scope))));
        }

        var tags = operations.Select(route => route.Operation.Tag).Concat(about.Webhooks is { } told ? [told.Tag] : []).Distinct();
        var document = new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = about.Title,
                ["summary"] = about.Summary,
                ["description"] = about.Introduction,
                ["version"] = "1.0.0",
                ["license"] = new JsonObject { ["name"] = "Apache-2.0", ["identifier"] = "Apache-2.0" },
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/", ["description"] = "The service that served this document." }),
            ["tags"] = new JsonArray([.. tags.Select(tag => new JsonObject { ["name"] = tag.Name, ["description"] = tag.Description })]),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = ComponentSchemas.Write([.. operations.Select(route => route.Operation)], about.Webhooks?.Schemas() ?? []),
                ["responses"] = ProblemWriter.Responses(operations.SelectMany(route => route.Operation.Problems).Distinct()),
                ["examples"] = ProblemWriter.Examples(operations.SelectMany(route => route.Operation.Problems).Distinct()),
                ["securitySchemes"] = new JsonObject
                {
                    ["bearer"] = new JsonObject
                    {
                        ["type"] = "http",
                        ["scheme"] = "bearer",
                        ["bearerFormat"] = "whk_…",
                        ["description"] = $"An API token, made by `POST /v1/tokens`. The first one is the operator's, from the configuration key `Webhooks__AdminToken`. Every operation names the scope that its token must have; the scope `{Scope.Admin}` stands for all of them.",
                    },
                },
            },
        };
        if (about.Webhooks is { } webhooks)
        {
            document.Insert(document.IndexOf("components"), "webhooks", webhooks.Paths());
            var components = (JsonObject)document["components"]!;
            components.Insert(components.IndexOf("securitySchemes"), "parameters", webhooks.Headers());
        }

        return document;
    }
}
