using System.Text;
using System.Text.Json.Nodes;
using Webhooks.Management.Catalog;
using Webhooks.Management.Secrets;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Rendering;

using Webhooks.Api.OpenApi;

namespace Webhooks.Management.OpenApi;

/// <summary>A request as it is really rendered and signed, with the secret that the document shows: receivers can try their verification on it.</summary>
internal static class SentExample
{
    public const string Type = "exception.created";

    private static readonly DateTimeOffset At = new(2024, 1, 20, 10, 30, 0, TimeSpan.Zero);

    private static readonly AcceptedEvent Event = EventCatalog.Find(Type)!.Event;

    /// <summary>Byte for byte.</summary>
    public static string Body(Profile profile) => Encoding.UTF8.GetString(EnvelopeRenderer.Render(profile, Event).Span);

    public static JsonObject Headers(Profile profile)
    {
        var signed = new RequestSigner(profile, SecretDocs.Example).HeadersFor(Event.Id, Event.Timestamp!, At, EnvelopeRenderer.Render(profile, Event).Span);
        return new JsonObject([KeyValuePair.Create("Content-Type", (JsonNode?)"application/json"), .. signed.Select(header => KeyValuePair.Create(header.Key, (JsonNode?)header.Value))]);
    }
}
