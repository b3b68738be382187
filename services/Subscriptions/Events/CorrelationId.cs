using System.Text.Json;

namespace Webhooks.Subscriptions.Events;

/// <summary>
/// The id by which people search for an event. Only searched for and never sent, so that one which cannot be kept as text,
/// or is too long to be of use, is no reason to refuse the event.
/// </summary>
internal static class CorrelationId
{
    private const int Longest = 256;

    /// <summary>The member <c>correlation_id</c> of an event's minified metadata.</summary>
    public static string? In(ReadOnlyMemory<byte> metadata)
    {
        if (JsonMember.Find(metadata, "correlation_id") is not { } value)
        {
            return null;
        }

        var reader = new Utf8JsonReader(value.Span, MinifiedJson.AnyDepth);
        return reader.Read() && reader.TokenType is JsonTokenType.String
            && JsonText.TryRead(ref reader, out var text) && text.Length <= Longest && EventRules.IsStorable(text)
            ? text
            : null;
    }
}
