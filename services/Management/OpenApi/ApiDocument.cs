using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Webhooks.Api.Access;

namespace Webhooks.Management.OpenApi;

/// <summary>Puts the OpenAPI document together from what the mapped routes carry: their path, their method, their scope and their description.</summary>
internal static class ApiDocument
{
    private const string Introduction =
        """
        Webhooks delivers your services' events to the HTTP endpoints that subscribe to them: signed, retried, and with every attempt on record. With this API you manage subscriptions and their secrets, publish events, follow what became of them, and repair what failed. The section *webhooks* shows what a receiver gets.

        **Requests and answers** are JSON with `snake_case` names. A member that this document does not name is refused in requests, except in events; in answers a later version may add some, so ignore those you do not know. An absent value is written as `null`, and in requests `null` means the default. Times are ISO 8601, in answers always in UTC. Every `GET` answers to `HEAD`, too.

        **Problems** are [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) documents. Decide by their `code`, which never changes; show people their `detail`; quote `trace_id` when you ask the operator about one. Faults of a body or query are all named at once in `errors`. After 429 and 503 wait for the seconds that `Retry-After` names and send the same request again.

        **Lists** come in pages, newest first. Pass `next_cursor` as `cursor` until it is null.

        **Tenants.** A token belongs to one tenant or, being an administrator's, to none. What belongs to another tenant does not exist for a token: it is not listed, and its id answers 404.
        """;

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The document as it is served.</summary>
    public static byte[] Write(EndpointDataSource routes) => [.. JsonSerializer.SerializeToUtf8Bytes(Compose(routes), Readable), (byte)'\n'];

    private static JsonObject Compose(EndpointDataSource routes)
    {
        var operations = DescribedRoute.Of(routes);
        var paths = new JsonObject();
        foreach (var path in operations.GroupBy(route => route.Path))
        {
            paths[path.Key] = new JsonObject(path.Select(route => KeyValuePair.Create(route.Method, (JsonNode?)OperationWriter.Write(route.Operation, route.Scope))));
        }

        var tags = operations.Select(route => route.Operation.Tag).Append(WebhookSection.Tag).Distinct();
        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "Webhooks",
                ["summary"] = "Manage webhook subscriptions, publish events and follow their deliveries.",
                ["description"] = Introduction,
                ["version"] = "1.0.0",
                ["license"] = new JsonObject { ["name"] = "Apache-2.0", ["identifier"] = "Apache-2.0" },
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/", ["description"] = "The service that served this document." }),
            ["tags"] = new JsonArray([.. tags.Select(tag => new JsonObject { ["name"] = tag.Name, ["description"] = tag.Description })]),
            ["paths"] = paths,
            ["webhooks"] = WebhookSection.Write(),
            ["components"] = new JsonObject
            {
                ["schemas"] = ComponentSchemas.Write([.. operations.Select(route => route.Operation)]),
                ["responses"] = ProblemWriter.Responses(operations.SelectMany(route => route.Operation.Problems).Distinct()),
                ["examples"] = ProblemWriter.Examples(operations.SelectMany(route => route.Operation.Problems).Distinct()),
                ["parameters"] = WebhookSection.Headers(),
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
    }
}
