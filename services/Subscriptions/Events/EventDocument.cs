using System.Text.Json;

namespace Webhooks.Subscriptions.Events;

/// <summary>An event as a document to look values up in, for filters and transforms.</summary>
public static class EventDocument
{
    private static readonly JsonDocumentOptions AnyDepth = new() { MaxDepth = 2 * EventRules.MaxDepth };

    /// <summary>Of repeated members the last counts. Half of a surrogate pair, which is no text, reads as U+FFFD.</summary>
    public static JsonDocument Of(AcceptedEvent accepted)
    {
        var json = EventWriter.Write(accepted).ToArray();
        JsonText.ReplaceHalfSurrogates(json);
        return JsonDocument.Parse(json, AnyDepth);
    }
}
