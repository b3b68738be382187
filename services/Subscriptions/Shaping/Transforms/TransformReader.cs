using System.Text.Json;
using Webhooks.Subscriptions.Json;

namespace Webhooks.Subscriptions.Shaping.Transforms;

/// <summary>
/// Reads a transform from JSON, all faults at once: an object with exactly one of <c>template</c>, <c>include</c> and
/// <c>exclude</c>.
/// </summary>
internal sealed class TransformReader
{
    public const int MostPlaces = 100;

    private readonly List<ShapingFault> _faults;

    private TransformReader(List<ShapingFault> faults) => _faults = faults;

    /// <summary>Null when it has faults, which are added.</summary>
    public static TransformKind? Read(JsonElement json, List<ShapingFault> faults)
    {
        if (json.ValueKind != JsonValueKind.Object || json.GetPropertyCount() != 1)
        {
            faults.Add(new ShapingFault("", "It must be an object with exactly one of template, include, exclude."));
            return null;
        }

        var (reader, member) = (new TransformReader(faults), json.EnumerateObject().First());
        TransformKind? kind = member.Name switch
        {
            "template" => reader.ReadTemplate(member.Value),
            "include" => new TransformKind.Include(reader.ReadPlaces(member.Value, "/include")),
            "exclude" => new TransformKind.Exclude(reader.ReadPlaces(member.Value, "/exclude")),
            _ => null,
        };
        if (kind is null && faults.Count == 0)
        {
            faults.Add(new ShapingFault($"/{JsonPointer.Escape(member.Name)}", "There is no such member; there are template, include, exclude."));
        }

        return faults.Count == 0 ? kind : null;
    }

    private TransformKind.Template ReadTemplate(JsonElement template)
    {
        CheckPlaceholders(template, "/template");
        return new TransformKind.Template(template);
    }

    private void CheckPlaceholders(JsonElement template, string at)
    {
        switch (template.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in template.EnumerateObject())
                {
                    CheckPlaceholders(member.Value, $"{at}/{JsonPointer.Escape(member.Name)}");
                }

                break;
            case JsonValueKind.Array:
                foreach (var (index, element) in template.EnumerateArray().Index())
                {
                    CheckPlaceholders(element, $"{at}/{index}");
                }

                break;
            case JsonValueKind.String:
                try
                {
                    TemplateText.Split(template.GetString()!);
                }
                catch (FormatException fault)
                {
                    _faults.Add(new ShapingFault(at, fault.Message));
                }

                break;
        }
    }

    private PlaceTree ReadPlaces(JsonElement list, string at)
    {
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() is 0 or > MostPlaces)
        {
            _faults.Add(new ShapingFault(at, $"It must be a list of 1 to {MostPlaces} JSON pointers."));
            return PlaceTree.Of([]);
        }

        var places = new List<JsonPointer>();
        foreach (var (index, element) in list.EnumerateArray().Index())
        {
            if (element.ValueKind == JsonValueKind.String && JsonPointer.TryParse(element.GetString()!, out var place) && place.Steps is ["data" or "metadata", ..])
            {
                places.Add(place);
            }
            else
            {
                _faults.Add(new ShapingFault($"{at}/{index}", "It must be a JSON pointer to a part of data or metadata, such as /data/amount."));
            }
        }

        return PlaceTree.Of(places);
    }
}
