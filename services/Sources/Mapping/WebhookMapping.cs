using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Webhooks.Subscriptions.Json;

namespace Webhooks.Sources.Mapping;

/// <summary>What a source's settings make of a webhook. Pure, and never fails: what is not there is not said.</summary>
internal static class WebhookMapping
{
    private const int LongestKey = 128;

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly SearchValues<char> KeyCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:_.-");

    /// <summary>The idempotency key as the callback API would take it; the content's where the webhook has none.</summary>
    public static string KeyOf(SourceSettings settings, ReceivedWebhook webhook) => Find(settings.IdempotencyKey, webhook) switch
    {
        null or "" => ContentKeyOf(webhook),
        { Length: <= LongestKey } key when !key.AsSpan().ContainsAnyExcept(KeyCharacters) => key,
        var other => "key-sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(other))),
    };

    /// <summary>The key of a webhook that has none of its sender's.</summary>
    public static string ContentKeyOf(ReceivedWebhook webhook) => "sha256:" + Convert.ToHexStringLower(webhook.Fingerprint);

    /// <summary>Null: the webhook names none.</summary>
    public static string? ExceptionIdOf(SourceSettings settings, ReceivedWebhook webhook) => Find(settings.ExceptionId, webhook);

    /// <summary>The body that the callback API would take for it, with the whole webhook as its payload.</summary>
    public static byte[] CallbackOf(SourceSettings settings, ReceivedWebhook webhook)
    {
        // Growing would cost twice as much as a large webhook has.
        var bytes = new ArrayBufferWriter<byte>(1024 + (webhook.Body is { } whole ? JsonMarshal.GetRawUtf8Value(whole).Length : 0));
        using var json = new Utf8JsonWriter(bytes, Plain);
        json.WriteStartObject();
        json.WriteString("externalSystem", settings.ExternalSystem);
        foreach (var field in MappedField.All)
        {
            if (settings.Fields.TryGetValue(field.Name, out var mapping) && Fill(mapping, webhook.Body) is { } found && Usable(field, found) is { } text)
            {
                json.WriteString(field.Member, text);
            }
        }

        if (webhook.Body is { } body)
        {
            json.WritePropertyName("payload");
            json.WriteRawValue(JsonMarshal.GetRawUtf8Value(body), skipInputValidation: true);
        }

        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    // A long comment or an odd date must not cost the change of the status: no sender sends the webhook again.
    private static string? Usable(MappedField field, string text) =>
        field.IsTime ? SenderTime.Normalize(text)
        : field.Longest is { } longest ? Cut(text.Replace('\0', ' '), longest)
        : text;

    // Not in the middle of a character.
    private static string Cut(string text, int longest) =>
        text.Length <= longest ? text : text[..(char.IsHighSurrogate(text[longest - 1]) ? longest - 1 : longest)];

    private static string? Fill(FieldMapping mapping, JsonElement? body)
    {
        var found = body is { } document
            ? mapping.Pointers.Select(pointer => TextAt(document, pointer)).FirstOrDefault(text => !string.IsNullOrWhiteSpace(text))?.Trim()
            : null;
        return mapping.Values.Count == 0 || found is null ? found ?? mapping.Otherwise
            : mapping.Values.TryGetValue(found, out var meaning) ? meaning
            : mapping.Otherwise;
    }

    private static string? Find(ValuePlace? place, ReceivedWebhook webhook) => place?.From switch
    {
        null => null,
        PlaceKind.Path => webhook.PathId,
        PlaceKind.Query => webhook.Query(place.Name!),
        PlaceKind.Header => webhook.Headers(place.Name!)?.Trim(),
        _ => webhook.Body is { } body ? TextAt(body, place.Name!)?.Trim() : null,
    };

    private static string? TextAt(JsonElement document, string pointer)
    {
        if (!JsonPointer.TryParse(pointer, out var place) || !place.TryFind(document, out var found))
        {
            return null;
        }

        try
        {
            return found.ValueKind switch
            {
                JsonValueKind.String => found.GetString(),
                JsonValueKind.Number => found.GetRawText(),
                JsonValueKind.True => "true",
                JsonValueKind.False => "false",
                _ => null,
            };
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair: the reader has no other way to say so.
            return null;
        }
    }
}
