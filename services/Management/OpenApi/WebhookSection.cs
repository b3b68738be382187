using System.Text;
using System.Text.Json.Nodes;
using Webhooks.Management.Catalog;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Rendering;

using Webhooks.Api.OpenApi;

namespace Webhooks.Management.OpenApi;

/// <summary>What receivers get: one webhook for each event type of the catalog, its body in every profile as it is really rendered.</summary>
internal static class WebhookSection
{
    private const string Sentence =
        """
        Sent as one `POST` per attempt to each subscription that wants this type. The subscription's profile decides the shape of the body and the headers; a transform of the subscription may reshape it further. Verify the signature over the exact bytes of the body, answer with 2xx quickly, and work afterwards. An event may come more than once: its id tells.
        """;

    public static Tag Tag { get; } = new("Webhooks", "What a receiver gets.");

    public static IEnumerable<Schema> Schemas => [.. BuiltInProfiles.All.Select(EnvelopeDocs.Of), .. EventCatalog.All.Select(DataOf).OfType<Schema>()];

    public static JsonObject Write() => new(EventExamples.All.Select(example => KeyValuePair.Create(example.Type, (JsonNode?)new JsonObject { ["post"] = Write(example) })));

    /// <summary>The headers of all profiles, among the components.</summary>
    public static JsonObject Headers() => new(BuiltInProfiles.All.SelectMany(EnvelopeDocs.HeadersOf).Select(header => KeyValuePair.Create(header.Key, (JsonNode?)header.Value)));

    private static JsonObject Write(AcceptedEvent example) => new()
    {
        ["tags"] = new JsonArray(Tag.Name),
        ["operationId"] = example.Type,
        ["summary"] = $"The event {example.Type}",
        ["description"] = $"{EventCatalog.Find(example.Type)!.Description} {Sentence}",
        ["security"] = new JsonArray(),
        ["parameters"] = new JsonArray([.. BuiltInProfiles.All.SelectMany(EnvelopeDocs.HeadersOf).Select(header => new JsonObject { ["$ref"] = $"#/components/parameters/{header.Key}" })]),
        ["requestBody"] = new JsonObject
        {
            ["description"] = "The event in the subscription's profile.",
            ["required"] = true,
            ["content"] = new JsonObject
            {
                ["application/json"] = new JsonObject
                {
                    ["schema"] = new JsonObject
                    {
                        ["anyOf"] = new JsonArray([.. BuiltInProfiles.All.Select(profile => EnvelopeDocs.Of(profile).Write())]),
                        ["properties"] = Members(example.Type),
                    },
                    ["examples"] = new JsonObject(BuiltInProfiles.All.Select(profile => KeyValuePair.Create(profile.Name, (JsonNode?)Example(profile, example)))),
                },
            },
        },
        ["responses"] = new JsonObject
        {
            ["2XX"] = Answer("The event is delivered."),
            ["410"] = Answer("The receiver wants nothing more: the subscription is disabled."),
            ["429"] = Answer("The event comes again later, not before `Retry-After`."),
            ["5XX"] = Answer("The event comes again later; of a 503 `Retry-After` is honoured."),
            ["default"] = Answer("The delivery has failed, or the event comes again later: the subscription's `retry_on` decides."),
        },
    };

    private static JsonObject Members(string type)
    {
        var members = new JsonObject { ["type"] = new JsonObject { ["const"] = type } };
        if (DataOf(EventCatalog.Find(type)!) is { } data)
        {
            members["data"] = data.Write();
        }

        return members;
    }

    /// <summary>The catalog's schema of a type's data, if it has one. What draft 4 says there, 2020-12 says with the same words.</summary>
    private static Schema? DataOf(CatalogType type)
    {
        if (type.Schema is null)
        {
            return null;
        }

        var schema = (JsonObject)JsonNode.Parse(type.Schema)!;
        schema.Remove("$schema");
        return Schema.Given(schema, null).Named(type.Type);
    }

    private static JsonObject Example(Profile profile, AcceptedEvent example) => new()
    {
        ["summary"] = $"In the profile {profile.Name}",
        ["value"] = JsonNode.Parse(Encoding.UTF8.GetString(EnvelopeRenderer.Render(profile, example).Span)),
    };

    private static JsonObject Answer(string description) => new() { ["description"] = description };
}
