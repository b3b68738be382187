using System.Buffers;
using System.Text.Json;

namespace Webhooks.Api.Bodies;

/// <summary>
/// RFC 7396: objects are merged member by member, null takes a member away, anything else replaces what was there. Values
/// keep their spelling.
/// </summary>
internal static class MergePatch
{
    /// <param name="target">What the patch is applied to.</param>
    /// <param name="patch">Strictly read: no member twice.</param>
    public static JsonElement Apply(JsonElement target, JsonElement patch)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(output))
        {
            Write(writer, target, patch);
        }

        return JsonElement.Parse(output.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter writer, JsonElement? target, JsonElement patch)
    {
        if (patch.ValueKind != JsonValueKind.Object)
        {
            writer.WriteRawValue(patch.GetRawText());
            return;
        }

        writer.WriteStartObject();
        // By their names: to search all of a large patch for each member of a large target would take seconds.
        var changes = patch.EnumerateObject().ToDictionary(member => member.Name, member => member.Value, StringComparer.Ordinal);
        foreach (var member in target is { ValueKind: JsonValueKind.Object } before ? before.EnumerateObject().AsEnumerable() : [])
        {
            if (!changes.Remove(member.Name, out var change))
            {
                writer.WritePropertyName(member.Name);
                writer.WriteRawValue(member.Value.GetRawText());
            }
            else if (change.ValueKind != JsonValueKind.Null)
            {
                writer.WritePropertyName(member.Name);
                Write(writer, member.Value, change);
            }
        }

        foreach (var member in patch.EnumerateObject().Where(member => member.Value.ValueKind != JsonValueKind.Null && changes.ContainsKey(member.Name)))
        {
            writer.WritePropertyName(member.Name);
            Write(writer, target: null, member.Value);
        }

        writer.WriteEndObject();
    }
}
