using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Subscriptions.Shaping.Transforms;

/// <summary>Leaves parts of an event's data and metadata out: all but the included places, or the excluded ones.</summary>
internal static class Projection
{
    private enum Fate
    {
        Kept,
        KeptInPart,
        LeftOut,
    }

    private delegate Fate Rule(PlaceTree? places, bool hasParts);

    public static AcceptedEvent Including(PlaceTree places, AcceptedEvent accepted, JsonElement document) => Project(accepted, document, places, FateIncluding);

    public static AcceptedEvent Excluding(PlaceTree places, AcceptedEvent accepted, JsonElement document) => Project(accepted, document, places, FateExcluding);

    private static Fate FateIncluding(PlaceTree? places, bool hasParts) => places switch
    {
        null => Fate.LeftOut,
        { IsPlace: true } => Fate.Kept,
        _ => hasParts ? Fate.KeptInPart : Fate.LeftOut,
    };

    private static Fate FateExcluding(PlaceTree? places, bool hasParts) => places switch
    {
        null => Fate.Kept,
        { IsPlace: true } => Fate.LeftOut,
        _ => hasParts ? Fate.KeptInPart : Fate.Kept,
    };

    private static AcceptedEvent Project(AcceptedEvent accepted, JsonElement document, PlaceTree places, Rule rule) => accepted with
    {
        // Data is never absent.
        Data = Project(document.GetProperty("data"), places.Below("data"), rule) ?? "{}"u8.ToArray(),
        Metadata = document.TryGetProperty("metadata", out var metadata) ? Project(metadata, places.Below("metadata"), rule) : null,
    };

    private static ReadOnlyMemory<byte>? Project(JsonElement value, PlaceTree? places, Rule rule)
    {
        var fate = rule(places, HasParts(value));
        if (fate == Fate.LeftOut)
        {
            return null;
        }

        var output = new ArrayBufferWriter<byte>();
        Append(output, value, fate, places, rule);
        return output.WrittenMemory;
    }

    private static void Append(ArrayBufferWriter<byte> output, JsonElement value, Fate fate, PlaceTree? places, Rule rule)
    {
        if (fate == Fate.Kept)
        {
            MinifiedJson.Copy(value, output);
            return;
        }

        var isObject = value.ValueKind == JsonValueKind.Object;
        output.Write(isObject ? "{"u8 : "["u8);
        var isFirst = true;
        foreach (var (name, part) in Parts(value))
        {
            var below = places?.Below(name);
            var fateOfPart = rule(below, HasParts(part));
            if (fateOfPart == Fate.LeftOut)
            {
                continue;
            }

            output.Write(isFirst ? ""u8 : ","u8);
            isFirst = false;
            if (isObject)
            {
                output.Append(name);
                output.Write(":"u8);
            }

            Append(output, part, fateOfPart, below, rule);
        }

        output.Write(isObject ? "}"u8 : "]"u8);
    }

    private static bool HasParts(JsonElement value) => value.ValueKind is JsonValueKind.Object or JsonValueKind.Array;

    private static IEnumerable<(string Name, JsonElement Value)> Parts(JsonElement value) => value.ValueKind == JsonValueKind.Object
        ? value.EnumerateObject().Select(member => (member.Name, member.Value))
        : value.EnumerateArray().Select((element, index) => (index.ToString(CultureInfo.InvariantCulture), element));
}
