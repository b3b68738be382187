using System.Text.Json;

namespace Webhooks.Subscriptions.Events;

/// <summary>An event as a document to look values up in, for filters and transforms.</summary>
public static class EventDocument
{
    private static readonly JsonDocumentOptions AnyDepth = new() { MaxDepth = 2 * EventRules.MaxDepth };

    /// <summary>What is kept of an event, to look values up in. Half of a surrogate pair reads as U+FFFD, in the array, too.</summary>
    public static JsonDocument OfKept(byte[] data)
    {
        JsonText.ReplaceHalfSurrogates(data);
        return JsonDocument.Parse(data, AnyDepth);
    }

    /// <summary>Of repeated members the last counts. Half of a surrogate pair, which is no text, reads as U+FFFD.</summary>
    public static JsonDocument Of(AcceptedEvent accepted) => OfKept(EventWriter.Write(accepted).ToArray());
}
