using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Webhooks.CallbackIngest.Callbacks;
using Webhooks.CallbackIngest.Routes;

namespace Webhooks.CallbackIngest.Commands;

/// <summary>Writes a command's bytes. What the caller said of its own is copied as it was spelled.</summary>
internal static class CommandWriter
{
    // Read by programs; nothing here is ever put into HTML.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Write(IncomingCallback callback, bool superseded)
    {
        var bytes = new ArrayBufferWriter<byte>(SizeOf(callback.Body));
        using var json = new Utf8JsonWriter(bytes, Plain);
        json.WriteStartObject();
        json.WriteString("command_id", callback.CommandId);
        json.WriteString("tenant_id", callback.TenantId);
        json.WriteString(callback.Route.SubjectMember, callback.SubjectId);
        foreach (var field in callback.Route.Fields)
        {
            Write(json, field, callback.Body);
        }

        json.WriteBoolean("superseded", superseded);
        json.WriteString("idempotency_key", callback.Key);
        json.WriteString("received_at", callback.ReceivedAt.UtcDateTime);
        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    // Growing would cost twice as much as a large payload has.
    private static int SizeOf(CallbackBody body) =>
        2048 + (body.Payload is { } payload ? JsonMarshal.GetRawUtf8Value(payload).Length : 0) + body.Others.Sum(member => JsonMarshal.GetRawUtf8Value(member.Value).Length + 64);

    private static void Write(Utf8JsonWriter json, CallbackField field, CallbackBody body)
    {
        json.WritePropertyName(field.Member);
        if (field.Kind == FieldKind.Payload)
        {
            WritePayload(json, body);
        }
        else if (body.Texts.TryGetValue(field.Name, out var text))
        {
            json.WriteStringValue(text);
        }
        else
        {
            json.WriteNullValue();
        }
    }

    private static void WritePayload(Utf8JsonWriter json, CallbackBody body)
    {
        if (body is { Payload: null, Others.Count: 0 })
        {
            json.WriteNullValue();
            return;
        }

        json.WriteStartObject();
        var written = new HashSet<string>(StringComparer.Ordinal);
        // The payload's own first: it said so where it is meant to be said.
        foreach (var member in (body.Payload?.EnumerateObject().AsEnumerable() ?? []).Concat(body.Others).Where(member => written.Add(member.Name)))
        {
            json.WritePropertyName(member.Name);
            json.WriteRawValue(JsonMarshal.GetRawUtf8Value(member.Value), skipInputValidation: true);
        }

        json.WriteEndObject();
    }
}
