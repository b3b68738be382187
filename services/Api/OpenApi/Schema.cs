using System.Text.Json.Nodes;

namespace Webhooks.Api.OpenApi;

/// <summary>
/// What a value may be, as JSON Schema 2020-12. None can be made without a sentence and an example; the example of an
/// object is put together from its members'.
/// </summary>
internal sealed record Schema
{
    private readonly JsonObject _keywords;

    private Schema(JsonObject keywords, JsonNode? example, IEnumerable<Schema> parts) =>
        (_keywords, Example, Parts) = (keywords, example, [.. parts]);

    /// <summary>Under which it stands in the document's components; null: it is written where it is used.</summary>
    public string? Name { get; private init; }

    public JsonNode? Example { get; private init; }

    private bool IsNeverNull { get; init; }

    /// <summary>The schemas that this one is made of.</summary>
    public IReadOnlyList<Schema> Parts { get; }

    public string? Description => (string?)_keywords["description"];

    /// <param name="description">A sentence.</param>
    /// <param name="example">A real one.</param>
    /// <param name="shortest">In characters.</param>
    /// <param name="longest">In characters.</param>
    /// <param name="pattern">A regular expression (ECMA 262), anchored.</param>
    /// <param name="format">Of JSON Schema, such as <c>uri</c>.</param>
    public static Schema Text(string description, string? example, int? shortest = null, int? longest = null, string? pattern = null, string? format = null) =>
        Leaf("string", description, example, ("format", format), ("minLength", shortest), ("maxLength", longest), ("pattern", pattern));

    /// <summary>One of a closed set of texts.</summary>
    public static Schema OneOf(string description, string? example, IEnumerable<string> values) =>
        Leaf("string", description, example, ("enum", Array(values)));

    /// <summary>A time as all answers write it: ISO 8601 in UTC.</summary>
    public static Schema Time(string description, string? example) => Text(description, example, format: "date-time");

    /// <summary>A number, bounds included.</summary>
    public static Schema Number(string description, double? example, double? from = null, double? to = null) =>
        Leaf("number", description, example, ("minimum", from), ("maximum", to));

    /// <summary>A whole number, bounds included.</summary>
    public static Schema Whole(string description, long? example, long? from = null, long? to = null) =>
        Leaf("integer", description, example, ("minimum", from), ("maximum", to));

    public static Schema Flag(string description, bool? example) => Leaf("boolean", description, example);

    public static Schema List(string description, Schema items, int? fewest = null, int? most = null) => new(
        Keywords("array", description, ("minItems", fewest), ("maxItems", most), ("items", items.Write())),
        items.Example is null ? new JsonArray() : new JsonArray(items.Example.DeepClone()),
        [items]);

    /// <summary>An object whose members' names are data.</summary>
    public static Schema Map(string description, JsonObject example, Schema values) =>
        new(Keywords("object", description, ("additionalProperties", values.Write())), example, [values]);

    /// <summary>An object that is whatever its writer makes of it.</summary>
    public static Schema AnyObject(string description, JsonObject? example) => new(Keywords("object", description), example, []);

    /// <summary>An object in an answer: every member is always there, and a later version may add some.</summary>
    public static Schema Answer(string description, params IReadOnlyList<(string Name, Schema Schema)> members) =>
        Object(description, members.Select(member => member.Name), members);

    /// <summary>An object in a request: a member that is not required may be left out or null, and one that is not named here is refused.</summary>
    public static Schema Request(string description, IReadOnlyList<string> required, params IReadOnlyList<(string Name, Schema Schema)> members)
    {
        var request = Object(description, required, [.. members.Select(member => required.Contains(member.Name) ? member : (member.Name, member.Schema.OrNull()))]);
        request._keywords["additionalProperties"] = false;
        return request;
    }

    /// <summary>An object of which some members may be left out, and others may be there.</summary>
    public static Schema Object(string description, IEnumerable<string> required, params IReadOnlyList<(string Name, Schema Schema)> members) => new(
        Keywords(
            "object",
            description,
            ("required", Array(required) is { Count: > 0 } names ? names : null),
            ("properties", new JsonObject(members.Select(member => KeyValuePair.Create(member.Name, (JsonNode?)member.Schema.Write()))))),
        new JsonObject(members.Select(member => KeyValuePair.Create(member.Name, member.Schema.Example?.DeepClone()))),
        members.Select(member => member.Schema));

    /// <summary>JSON Schema that was written elsewhere.</summary>
    public static Schema Given(JsonObject keywords, JsonNode? example, params IReadOnlyList<Schema> parts) => new(keywords, example, parts);

    /// <summary>Refused when null, although it may be left out.</summary>
    public Schema NeverNull() => this with { IsNeverNull = true };

    /// <summary>Null is a value, too. The example stays.</summary>
    public Schema OrNull()
    {
        if (IsNeverNull)
        {
            return this;
        }

        if (Name is not null)
        {
            return new Schema(new JsonObject { ["anyOf"] = new JsonArray(Write(), NullType()) }, Example, [this]);
        }

        var keywords = Copy();
        switch (keywords["type"], keywords["anyOf"])
        {
            case (JsonValue type, _) when (string?)type != "null":
                keywords["type"] = new JsonArray(type.DeepClone(), "null");
                break;
            case (null, JsonArray shapes) when !shapes.Any(shape => JsonNode.DeepEquals(shape, NullType())):
                shapes.Add(NullType());
                break;
        }

        if (keywords["enum"] is JsonArray values && !values.Contains(null))
        {
            values.Add(null);
        }

        return new Schema(keywords, Example, Parts);
    }

    /// <summary>What holds when it is left out.</summary>
    public Schema Default(JsonNode? value)
    {
        var keywords = Copy();
        keywords["default"] = value;
        return new Schema(keywords, Example, Parts);
    }

    /// <summary>Another sentence, for this place.</summary>
    public Schema Saying(string description)
    {
        // Beside a reference, as JSON Schema 2020-12 allows.
        var keywords = Name is null ? Copy() : Write();
        keywords["description"] = description;
        return new Schema(keywords, Example, Name is null ? Parts : [this]);
    }

    /// <summary>Another example, for this place.</summary>
    public Schema Showing(JsonNode? example) => this with { Example = example };

    /// <summary>Another value for one member in the example, for this place.</summary>
    public Schema Showing(string member, JsonNode? example)
    {
        var whole = (JsonObject)Example!.DeepClone();
        whole[member] = example;
        return this with { Example = whole };
    }

    /// <summary>Of the members only these in the example: nobody sends all that may be sent.</summary>
    public Schema ShowingOnly(params IReadOnlyList<string> names) => this with
    {
        Example = new JsonObject(names.Select(name => KeyValuePair.Create(name, ((JsonObject)Example!)[name]?.DeepClone()))),
    };

    /// <summary>Written once, among the components, and referred to.</summary>
    public Schema Named(string name) => this with { Name = name };

    /// <summary>As it is used: itself, or a reference to it.</summary>
    public JsonObject Write() => Name is null ? Copy() : new JsonObject { ["$ref"] = $"#/components/schemas/{Name}" };

    /// <summary>Itself, for the components.</summary>
    public JsonObject WriteWhole() => Copy();

    private JsonObject Copy() => (JsonObject)_keywords.DeepClone();

    private static JsonObject NullType() => new() { ["type"] = "null" };

    private static Schema Leaf(string type, string description, JsonNode? example, params ReadOnlySpan<(string Name, JsonNode? Value)> rules)
    {
        var keywords = Keywords(type, description, rules);
        if (example is not null)
        {
            keywords["examples"] = new JsonArray(example.DeepClone());
        }

        return new Schema(keywords, example, []);
    }

    private static JsonObject Keywords(string type, string description, params ReadOnlySpan<(string Name, JsonNode? Value)> rules)
    {
        var keywords = new JsonObject { ["type"] = type, ["description"] = description };
        foreach (var (name, value) in rules)
        {
            if (value is not null)
            {
                keywords[name] = value;
            }
        }

        return keywords;
    }

    private static JsonArray Array(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode?)text)]);
}
