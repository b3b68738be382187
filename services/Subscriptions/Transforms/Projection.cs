using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Json;

namespace Webhooks.Subscriptions.Transforms;

/// <summary>Leaves parts of an event's data and metadata out: all but the included places, or the excluded ones.</summary>
internal sealed class Projection
{
    private readonly Dictionary<string, Projection> _below = new(StringComparer.Ordinal);
    private bool _isPlace;

    public static AcceptedEvent Apply(EventTransform transform, AcceptedEvent accepted)
    {
        var (places, isInclude) = transform switch
        {
            EventTransform.Include include => (include.Places, true),
            EventTransform.Exclude exclude => (exclude.Places, false),
            _ => throw new ArgumentOutOfRangeException(nameof(transform), transform, "A template leaves nothing of the event to project."),
        };
        var root = Of(places);
        using var document = EventDocument.Of(accepted);
        return accepted with
        {
            Data = root.Below("data").Project(document.RootElement.GetProperty("data"), isInclude),
            Metadata = document.RootElement.TryGetProperty("metadata", out var metadata) ? root.Below("metadata").Project(metadata, isInclude) : null,
        };
    }

    private static Projection Of(IReadOnlyList<JsonPointer> places)
    {
        var root = new Projection();
        foreach (var place in places)
        {
            var at = root;
            foreach (var step in place.Steps)
            {
                at = at._below.TryGetValue(step, out var next) ? next : at._below[step] = new Projection();
            }

            at._isPlace = true;
        }

        return root;
    }

    private Projection Below(string step) => _below.TryGetValue(step, out var next) ? next : new Projection();

    private ReadOnlyMemory<byte> Project(JsonElement value, bool isInclude)
    {
        var output = new ArrayBufferWriter<byte>();
        if (_isPlace == isInclude && (_isPlace || _below.Count == 0))
        {
            Copy(output, value);
        }
        else if (_isPlace)
        {
            output.Write("{}"u8);
        }
        else
        {
            Append(output, value, isInclude);
        }

        return output.WrittenMemory;
    }

    private void Append(ArrayBufferWriter<byte> output, JsonElement value, bool isInclude)
    {
        var isArray = value.ValueKind == JsonValueKind.Array;
        output.Write(isArray ? "["u8 : "{"u8);
        var isFirst = true;
        foreach (var (name, member) in Members(value))
        {
            var below = Below(name);
            var isContainer = member.ValueKind is JsonValueKind.Object or JsonValueKind.Array;
            var whole = isInclude ? below._isPlace : below is { _isPlace: false, _below.Count: 0 } || (!below._isPlace && !isContainer);
            var partly = !whole && !below._isPlace && below._below.Count > 0 && isContainer;
            if (!whole && !partly)
            {
                continue;
            }

            if (!isFirst)
            {
                output.Write(","u8);
            }

            isFirst = false;
            if (!isArray)
            {
                output.Append(name);
                output.Write(":"u8);
            }

            if (whole)
            {
                Copy(output, member);
            }
            else
            {
                below.Append(output, member, isInclude);
            }
        }

        output.Write(isArray ? "]"u8 : "}"u8);
    }

    private static IEnumerable<(string Name, JsonElement Value)> Members(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().Select(member => (member.Name, member.Value)),
        JsonValueKind.Array => value.EnumerateArray().Select((element, index) => (index.ToString(CultureInfo.InvariantCulture), element)),
        _ => [],
    };

    private static void Copy(ArrayBufferWriter<byte> output, JsonElement value)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(value.GetRawText()), MinifiedJson.AnyDepth);
        reader.Read();
        MinifiedJson.Copy(ref reader, output);
    }
}
