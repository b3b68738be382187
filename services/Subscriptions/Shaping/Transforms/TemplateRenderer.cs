using System.Buffers;
using System.Text;
using System.Text.Json;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Json;

namespace Webhooks.Subscriptions.Shaping.Transforms;

/// <summary>
/// Fills a JSON template from an event: a string that is exactly <c>{/json/pointer}</c> becomes the value there, its type
/// and spelling kept; in other strings placeholders become text. The same event gives the same bytes each time.
/// </summary>
internal static class TemplateRenderer
{
    /// <summary>A template of a few bytes may name a large value many times.</summary>
    public const int MostBytes = 1024 * 1024;

    /// <exception cref="TransformException">The event has nothing where a placeholder points, or the body becomes too large.</exception>
    public static ReadOnlyMemory<byte> Render(JsonElement template, JsonPlace document)
    {
        var output = new ArrayBufferWriter<byte>();
        Append(output, template, document);
        return output.WrittenMemory;
    }

    private static void Append(ArrayBufferWriter<byte> output, JsonElement template, JsonPlace document)
    {
        switch (template.ValueKind)
        {
            case JsonValueKind.Object:
                AppendAll(output, "{"u8, "}"u8, template.EnumerateObject(), member =>
                {
                    output.Append(member.Name);
                    output.Write(":"u8);
                    Append(output, member.Value, document);
                });
                break;
            case JsonValueKind.Array:
                AppendAll(output, "["u8, "]"u8, template.EnumerateArray(), element => Append(output, element, document));
                break;
            case JsonValueKind.String:
                AppendString(output, template.GetString()!, document);
                break;
            default:
                MinifiedJson.Copy(template, output);
                break;
        }

        RequireRoom(output.WrittenCount);
    }

    private static void RequireRoom(int bytes)
    {
        if (bytes > MostBytes)
        {
            throw new TransformException($"The body would have more than {MostBytes} bytes.");
        }
    }

    private static void AppendAll<T>(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> open, ReadOnlySpan<byte> close, IEnumerable<T> parts, Action<T> append)
    {
        output.Write(open);
        var isFirst = true;
        foreach (var part in parts)
        {
            if (!isFirst)
            {
                output.Write(","u8);
            }

            isFirst = false;
            append(part);
        }

        output.Write(close);
    }

    private static void AppendString(ArrayBufferWriter<byte> output, string text, JsonPlace document)
    {
        var parts = TemplateText.Split(text);
        if (parts is [{ Pointer: not null } only])
        {
            MinifiedJson.Copy(Find(only, document), output);
            return;
        }

        var filled = new StringBuilder();
        foreach (var part in parts)
        {
            filled.Append(part.Pointer is null ? part.Text : AsText(Find(part, document)));
            RequireRoom(filled.Length);
        }

        output.Append(filled.ToString());
    }

    private static JsonElement Find(TemplatePart part, JsonPlace document) => document.Find(part.Pointer!)?.Value
        ?? throw new TransformException($"The event has nothing at {part.Pointer!.Text}, which the transform's template asks for.");

    private static string AsText(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            return value.GetString()!;
        }

        var json = new ArrayBufferWriter<byte>();
        MinifiedJson.Copy(value, json);
        return Encoding.UTF8.GetString(json.WrittenSpan);
    }
}
