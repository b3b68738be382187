using System.Text.Json;
using System.Text.Json.Nodes;
using Webhooks.Api.OpenApi;

namespace Webhooks.Management.Tests.OpenApi;

/// <summary>Requests as the document shows them, about other things than the document's own.</summary>
internal static class RequestExample
{
    /// <summary>The body that the document shows; null: the operation takes none.</summary>
    /// <param name="operation">Of the document.</param>
    /// <param name="about">What stands for the ids of the document's examples, by kind: <c>subscriptions</c> …</param>
    public static JsonObject? Body(ApiOperation operation, IReadOnlyDictionary<string, string> about) =>
        operation.BodySchema is not null
            ? (JsonObject)JsonNode.Parse(About(operation.Json.GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("example").GetRawText(), about))!
            : null;

    /// <summary>A parameter's value as the document shows it.</summary>
    public static string Value(JsonElement parameter, IReadOnlyDictionary<string, string> about) =>
        About(parameter.GetProperty("example") is { ValueKind: JsonValueKind.String } text ? text.GetString()! : parameter.GetProperty("example").GetRawText(), about);

    private static string About(string example, IReadOnlyDictionary<string, string> about)
    {
        (string Kind, Schema Word)[] words =
        [
            ("subscriptions", Words.SubscriptionId), ("deliveries", Words.DeliveryId), ("tokens", Words.TokenId), ("events", Words.EventId), ("tenants", Words.TenantId),
        ];
        foreach (var (kind, word) in words)
        {
            if (about.TryGetValue(kind, out var id))
            {
                example = example.Replace((string)word.Example!, id, StringComparison.Ordinal);
            }
        }

        // Nothing is to be sent to where a name server has to be asked first.
        return example.Replace("https://receiver.example/", "https://127.0.0.1:9/", StringComparison.Ordinal);
    }
}
