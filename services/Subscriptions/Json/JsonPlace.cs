using System.Text.Json;

namespace Webhooks.Subscriptions.Json;

/// <summary>
/// A value of a document in which places are looked up again and again. Each object and list is gone through once, and each
/// number and text read once, however many ask: the event and those who ask are as large as tenants make them (decision 0032). May be
/// asked by several threads; two that come first at once do the same work.
/// </summary>
/// <param name="value">Its strings are text: no half surrogates.</param>
public sealed class JsonPlace(JsonElement value)
{
    private Dictionary<string, JsonPlace>? _members;
    private JsonPlace[]? _elements;
    private JsonNumber? _number;
    private string? _text;

    public JsonElement Value => value;

    public JsonValueKind Kind => value.ValueKind;

    /// <summary>An object's, by their names; of repeated ones the last.</summary>
    internal IReadOnlyDictionary<string, JsonPlace> Members => _members ??= ReadMembers();

    /// <summary>A list's.</summary>
    internal IReadOnlyList<JsonPlace> Elements => _elements ??= [.. value.EnumerateArray().Select(element => new JsonPlace(element))];

    internal JsonNumber Number => _number ??= JsonNumber.Parse(value.GetRawText());

    internal string Text => _text ??= value.GetString()!;

    /// <summary>Null: there is nothing.</summary>
    public JsonPlace? Find(JsonPointer pointer)
    {
        ArgumentNullException.ThrowIfNull(pointer);
        var place = this;
        foreach (var step in pointer.Steps)
        {
            place = place.Kind switch
            {
                JsonValueKind.Object => place.Members.GetValueOrDefault(step),
                JsonValueKind.Array => JsonPointer.TryIndex(step, out var index) && index < place.Elements.Count ? place.Elements[index] : null,
                _ => null,
            };
            if (place is null)
            {
                return null;
            }
        }

        return place;
    }

    private Dictionary<string, JsonPlace> ReadMembers()
    {
        var members = new Dictionary<string, JsonPlace>(value.GetPropertyCount(), StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
        {
            members[member.Name] = new JsonPlace(member.Value);
        }

        return members;
    }
}
