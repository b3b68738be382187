using System.Text.Json;
using System.Text.Unicode;

namespace Webhooks.Subscriptions.Events;

/// <summary>Finds out whose a message is that is refused as an event.</summary>
public static class EventTenant
{
    /// <summary>Null: the body is not JSON, or names no tenant, several, or one that is not valid.</summary>
    /// <param name="body">Exactly as received.</param>
    /// <param name="contentType">Of the message; only MassTransit's makes a difference.</param>
    public static string? Find(ReadOnlySpan<byte> body, string? contentType)
    {
        if (!Utf8.IsValid(body))
        {
            return null;
        }

        try
        {
            var envelope = EventEnvelope.Open(body, contentType);
            return envelope.Fault is null ? FindMember(envelope.Event) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? FindMember(ReadOnlySpan<byte> json)
    {
        string? found = null;
        var reader = new Utf8JsonReader(json, MinifiedJson.AnyDepth);
        reader.Read();
        for (var times = 0; reader.Read() && reader.TokenType is JsonTokenType.PropertyName; reader.Skip())
        {
            var isTenant = JsonMember.IsNamed(ref reader, "tenant_id"u8);
            reader.Read();
            if (isTenant)
            {
                // A tenant's name has no character that must be escaped.
                found = times++ == 0 && reader is { TokenType: JsonTokenType.String, ValueIsEscaped: false } ? reader.GetString() : null;
            }
        }

        return found is not null && EventRules.IsTenantId(found) ? found : null;
    }
}
