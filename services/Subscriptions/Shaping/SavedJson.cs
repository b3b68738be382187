using System.Buffers;
using System.Text;
using System.Text.Json;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Subscriptions.Shaping;

/// <summary>A person's JSON as a subscription keeps it: minified, of bounded size and depth, every string a text.</summary>
internal static class SavedJson
{
    public const int MostBytes = 16 * 1024;
    public const int Deepest = 32;

    /// <summary>Null, and one fault, when it cannot be kept.</summary>
    public static string? Of(JsonElement json, List<ShapingFault> faults)
    {
        var output = new ArrayBufferWriter<byte>();
        var depth = MinifiedJson.Copy(json, output);
        var fault = output.WrittenCount > MostBytes ? $"It must have at most {MostBytes} bytes."
            : depth > Deepest ? $"It must be nested at most {Deepest} levels deep."
            : JsonText.HasHalfSurrogate(output.WrittenSpan) ? "It contains half of a surrogate pair."
            : null;
        if (fault is null)
        {
            return Encoding.UTF8.GetString(output.WrittenSpan);
        }

        faults.Add(new ShapingFault("", fault));
        return null;
    }

    /// <summary>What was saved before.</summary>
    public static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
