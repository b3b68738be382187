using System.Text.Json;

namespace Webhooks.Subscriptions.Events;

/// <summary>
/// Where the event stands in a body: the body itself, or the member <c>message</c> of MassTransit's envelope.
/// Reading it also proves that the whole body is JSON.
/// </summary>
/// <param name="Pointer">JSON pointer to the event.</param>
/// <param name="Event">The event's bytes.</param>
/// <param name="Fault">Set when there is no object where the event should be.</param>
internal readonly ref struct EventEnvelope(string pointer, ReadOnlySpan<byte> @event, EventFault? fault)
{
    private const string MassTransitContentType = "application/vnd.masstransit+json";

    public string Pointer { get; } = pointer;

    public ReadOnlySpan<byte> Event { get; } = @event;

    public EventFault? Fault { get; } = fault;

    /// <exception cref="JsonException">The body is not JSON.</exception>
    public static EventEnvelope Open(ReadOnlySpan<byte> body, string? contentType)
    {
        var reader = new Utf8JsonReader(body, MinifiedJson.AnyDepth);
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        var isObject = reader.TokenType is JsonTokenType.StartObject;

        var (hasType, hasMessageTypes, isRepeated) = (false, false, false);
        var message = default(Range);
        var messageToken = JsonTokenType.None;
        while (isObject && reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isMessage = JsonMember.IsNamed(ref reader, "message"u8);
            var isMessageType = JsonMember.IsNamed(ref reader, "messageType"u8);
            hasType |= JsonMember.IsNamed(ref reader, "type"u8);
            reader.Read();
            hasMessageTypes |= isMessageType && reader.TokenType is JsonTokenType.StartArray;
            var (token, valueStart) = (reader.TokenType, (int)reader.TokenStartIndex);
            reader.Skip();
            if (isMessage)
            {
                isRepeated = messageToken is not JsonTokenType.None;
                messageToken = token;
                message = valueStart..(int)reader.BytesConsumed;
            }
        }

        reader.Skip();
        var end = (int)reader.BytesConsumed;

        // Nothing but white space may follow; the reader throws on anything else.
        reader.Read();

        if (!isObject)
        {
            return new EventEnvelope("", [], new EventFault("", EventFault.InvalidType, "must be a JSON object"));
        }

        var isMassTransit = IsMassTransit(contentType)
            || (hasMessageTypes && !hasType && messageToken is JsonTokenType.StartObject);
        if (!isMassTransit)
        {
            return new EventEnvelope("", body[start..end], fault: null);
        }

        var fault = messageToken switch
        {
            _ when isRepeated => new EventFault("/message", EventFault.Duplicate, "must not be repeated"),
            JsonTokenType.StartObject => null,
            JsonTokenType.None => new EventFault("/message", EventFault.Required, "is required"),
            _ => new EventFault("/message", EventFault.InvalidType, "must be an object"),
        };
        return new EventEnvelope("/message", body[message], fault);
    }

    private static bool IsMassTransit(ReadOnlySpan<char> contentType)
    {
        var parameters = contentType.IndexOf(';');
        return (parameters < 0 ? contentType : contentType[..parameters]).Trim()
            .Equals(MassTransitContentType, StringComparison.OrdinalIgnoreCase);
    }
}
