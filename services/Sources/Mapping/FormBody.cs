using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.Net.Http.Headers;

namespace Webhooks.Sources.Mapping;

/// <summary>
/// Reads a form (application/x-www-form-urlencoded, as WHATWG's URL standard has it) as a JSON object of texts. Strict, where
/// browsers are lenient: what two readers could read differently is no form. Pure.
/// </summary>
internal static class FormBody
{
    public const int MostMembers = 100;

    private const string MediaType = "application/x-www-form-urlencoded";

    /// <summary>In which GitHub and Slack send what they otherwise send as JSON.</summary>
    private const string Payload = "payload";

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Does a content type say that the body is a form?</summary>
    public static bool Is(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type) && type.MediaType.Equals(MediaType, StringComparison.OrdinalIgnoreCase);

    /// <summary>False: it cannot be read; the fault is a sentence.</summary>
    /// <param name="form">The bytes as they came.</param>
    /// <param name="payloadIsBody">Is a form of nothing but a <c>payload</c> what the JSON in it says? Null then when that is no object.</param>
    /// <param name="body">The object.</param>
    /// <param name="fault">What is wrong.</param>
    public static bool TryRead(ReadOnlySpan<byte> form, bool payloadIsBody, out JsonElement? body, [NotNullWhen(false)] out string? fault)
    {
        body = null;
        var members = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var range in form.Split((byte)'&'))
        {
            var member = form[range];
            if (member.IsEmpty)
            {
                continue;
            }

            var equals = member.IndexOf((byte)'=');
            if (!TryDecode(equals < 0 ? member : member[..equals], out var name) || !TryDecode(equals < 0 ? [] : member[(equals + 1)..], out var text))
            {
                fault = $"Member {(members.Count + 1).ToString(CultureInfo.InvariantCulture)} of the form is not UTF-8 in percent-encoding.";
                return false;
            }

            if (!members.TryAdd(name, text))
            {
                fault = $"Member {(members.Count + 1).ToString(CultureInfo.InvariantCulture)} of the form has the name of another one.";
                return false;
            }

            if (members.Count > MostMembers)
            {
                fault = $"The form has more than {MostMembers.ToString(CultureInfo.InvariantCulture)} members.";
                return false;
            }
        }

        fault = null;
        body = payloadIsBody && members.Count == 1 && members.TryGetValue(Payload, out var payload)
            ? ReceivedWebhook.Parse(Encoding.UTF8.GetBytes(payload))
            : ReceivedWebhook.Parse(Write(members));
        return true;
    }

    private static ReadOnlyMemory<byte> Write(Dictionary<string, string> members)
    {
        var bytes = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(bytes, Plain);
        json.WriteStartObject();
        foreach (var (name, text) in members)
        {
            json.WriteString(name, text);
        }

        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenMemory;
    }

    private static bool TryDecode(ReadOnlySpan<byte> encoded, out string text)
    {
        text = "";
        var decoded = new byte[encoded.Length];
        var length = 0;
        for (var place = 0; place < encoded.Length; place++)
        {
            if (encoded[place] != (byte)'%')
            {
                decoded[length++] = encoded[place] == (byte)'+' ? (byte)' ' : encoded[place];
                continue;
            }

            if (place + 2 >= encoded.Length || Convert.FromHexString(encoded.Slice(place + 1, 2), decoded.AsSpan(length), out _, out _) != OperationStatus.Done)
            {
                return false;
            }

            length++;
            place += 2;
        }

        if (!Utf8.IsValid(decoded.AsSpan(0, length)))
        {
            return false;
        }

        text = Encoding.UTF8.GetString(decoded, 0, length);
        return true;
    }
}
