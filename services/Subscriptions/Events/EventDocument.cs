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
        ReplaceHalfSurrogates(json);
        return JsonDocument.Parse(json, AnyDepth);
    }

    // In the kept spelling every escaped surrogate is half of a pair: whole pairs stand there as themselves.
    private static void ReplaceHalfSurrogates(Span<byte> json)
    {
        while (json.IndexOf((byte)'\\') is var start and >= 0)
        {
            json = json[start..];
            if (json[1] is not (byte)'u')
            {
                json = json[2..];
                continue;
            }

            if (json[2] is (byte)'d' && json[3] is not (>= (byte)'0' and <= (byte)'7'))
            {
                "fffd"u8.CopyTo(json[2..]);
            }

            json = json[6..];
        }
    }
}
