using System.Text.Json;
using System.Text.Json.Serialization;

namespace Webhooks.Api.Bodies;

/// <summary>JSON that is written as it is: an event's data keeps its order and the spelling of its numbers.</summary>
[JsonConverter(typeof(Writer))]
internal sealed record RawJson(ReadOnlyMemory<byte> Utf8)
{
    private sealed class Writer : JsonConverter<RawJson>
    {
        public override RawJson Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException("Raw JSON is only written.");

        // Checked when the event was accepted.
        public override void Write(Utf8JsonWriter writer, RawJson value, JsonSerializerOptions options) =>
            writer.WriteRawValue(value.Utf8.Span, skipInputValidation: true);
    }
}
