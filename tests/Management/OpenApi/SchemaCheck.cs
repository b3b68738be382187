using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Webhooks.Management.Tests.OpenApi;

/// <summary>
/// Checks values against the part of JSON Schema 2020-12 that the document uses. A keyword that it does not know is an
/// error, so that nothing is described that is not checked.
/// </summary>
internal sealed class SchemaCheck(JsonElement document, bool refuseUndescribed)
{
    private readonly List<string> _faults = [];

    /// <param name="document">What references point into.</param>
    /// <param name="refuseUndescribed">Is a member that no schema names a fault, though the schema is open?</param>
    /// <param name="schema">The schema.</param>
    /// <param name="value">What must fit it.</param>
    /// <returns>Everything that does not fit.</returns>
    public static IReadOnlyList<string> FaultsOf(JsonElement document, bool refuseUndescribed, JsonElement schema, JsonElement value)
    {
        var check = new SchemaCheck(document, refuseUndescribed);
        check.CheckWhole(schema, value, "");
        return check._faults;
    }

    private void CheckWhole(JsonElement schema, JsonElement value, string at)
    {
        // What any part of the schema has described. `Any` false: no part says anything about members, so all are welcome.
        var described = new DescribedMembers();
        Check(schema, value, at, described);
        if (refuseUndescribed && value.ValueKind == JsonValueKind.Object && described.Any)
        {
            foreach (var member in Members(value).Where(member => !described.Names.Contains(member.Name)))
            {
                Fault(at, $"the member {member.Name} is not described");
            }
        }
    }

    private void Check(JsonElement schema, JsonElement value, string at, DescribedMembers described)
    {
        if (schema.ValueKind is JsonValueKind.True)
        {
            return;
        }

        foreach (var keyword in schema.EnumerateObject())
        {
            var rule = keyword.Value;
            switch (keyword.Name)
            {
                case "title" or "description" or "examples" or "default":
                    break;
                case "$ref":
                    Check(Resolve(document, rule.GetString()!), value, at, described);
                    break;
                case "allOf":
                    foreach (var part in rule.EnumerateArray())
                    {
                        Check(part, value, at, described);
                    }

                    break;
                case "anyOf" or "oneOf":
                    CheckShapes(rule, value, at, described, exactlyOne: keyword.Name == "oneOf");
                    break;
                case "type":
                    Require(IsOfType(rule, value), at, $"{Short(value)} is no {rule}");
                    break;
                case "enum":
                    Require(rule.EnumerateArray().Any(one => AreEqual(one, value)), at, $"{Short(value)} is none of {rule}");
                    break;
                case "const":
                    Require(AreEqual(rule, value), at, $"{Short(value)} is not {rule}");
                    break;
                default:
                    CheckByKind(schema, keyword, value, at, described);
                    break;
            }
        }
    }

    // These say nothing about values of another type.
    private void CheckByKind(JsonElement schema, JsonProperty keyword, JsonElement value, string at, DescribedMembers described)
    {
        var (name, rule) = (keyword.Name, keyword.Value);
        switch (name)
        {
            case "minLength" or "maxLength" or "pattern" or "format":
                if (value.ValueKind == JsonValueKind.String)
                {
                    CheckText(name, rule, value, at);
                }

                break;
            case "minimum" or "maximum":
                if (value.ValueKind == JsonValueKind.Number)
                {
                    var difference = value.GetDouble().CompareTo(rule.GetDouble());
                    Require(name == "minimum" ? difference >= 0 : difference <= 0, at, $"{value} breaks {name} {rule}");
                }

                break;
            case "items" or "minItems" or "maxItems":
                if (value.ValueKind == JsonValueKind.Array)
                {
                    CheckList(name, rule, value, at);
                }

                break;
            case "required" or "properties" or "patternProperties" or "additionalProperties" or "minProperties" or "maxProperties":
                if (value.ValueKind == JsonValueKind.Object)
                {
                    CheckObject(schema, name, rule, value, at, described);
                }

                break;
            default:
                throw new InvalidOperationException($"The document uses the keyword {name}, which this check does not know: teach it.");
        }
    }

    private void CheckShapes(JsonElement shapes, JsonElement value, string at, DescribedMembers described, bool exactlyOne)
    {
        var fitting = 0;
        var faults = new List<string>();
        foreach (var shape in shapes.EnumerateArray())
        {
            var (attempt, names) = (new SchemaCheck(document, refuseUndescribed), new DescribedMembers());
            attempt.Check(shape, value, at, names);
            faults.AddRange(attempt._faults);
            if (attempt._faults.Count == 0)
            {
                fitting++;
                described.Take(names);
            }
        }

        if (fitting == 0)
        {
            _faults.AddRange(faults);
        }

        Require(fitting <= 1 || !exactlyOne, at, "it fits several shapes of which it may fit one");
    }

    private void CheckText(string name, JsonElement rule, JsonElement value, string at)
    {
        if (TextOf(value) is not { } text)
        {
            Fault(at, "it has half of a surrogate pair");
            return;
        }

        // In characters, as JSON Schema has it: code points.
        var length = text.EnumerateRunes().Count();
        Require(
            name switch
            {
                "minLength" => length >= rule.GetInt32(),
                "maxLength" => length <= rule.GetInt32(),
                // $ is the very end in ECMA's expressions.
                "pattern" => Regex.IsMatch(text, Regex.Replace(rule.GetString()!, @"\$$", @"\z"), RegexOptions.CultureInvariant, TimeSpan.FromSeconds(5)),
                _ => IsFormat(rule.GetString()!, text),
            },
            at,
            $"{Short(value)} breaks {name} {rule}");
    }

    private static bool IsFormat(string format, string text) => format switch
    {
        "date-time" => Regex.IsMatch(text, @"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\z", RegexOptions.None, TimeSpan.FromSeconds(5))
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _),
        "iri" => Uri.TryCreate(text, UriKind.Absolute, out _),
        "uri-reference" => Uri.TryCreate(text, UriKind.RelativeOrAbsolute, out _),
        "uuid" => Guid.TryParseExact(text, "D", out _),
        _ => throw new InvalidOperationException($"The document uses the format {format}, which this check does not know: teach it."),
    };

    private void CheckList(string name, JsonElement rule, JsonElement value, string at)
    {
        switch (name)
        {
            case "minItems":
                Require(value.GetArrayLength() >= rule.GetInt32(), at, $"it has fewer than {rule} items");
                break;
            case "maxItems":
                Require(value.GetArrayLength() <= rule.GetInt32(), at, $"it has more than {rule} items");
                break;
            default:
                foreach (var (index, item) in value.EnumerateArray().Index())
                {
                    CheckWhole(rule, item, $"{at}/{index}");
                }

                break;
        }
    }

    private void CheckObject(JsonElement schema, string name, JsonElement rule, JsonElement value, string at, DescribedMembers described)
    {
        switch (name)
        {
            case "required":
                foreach (var missing in rule.EnumerateArray().Where(required => Members(value).All(member => member.Name != required.GetString())))
                {
                    Fault(at, $"the member {missing} is missing");
                }

                break;
            case "minProperties":
                Require(value.GetPropertyCount() >= rule.GetInt32(), at, $"it has fewer than {rule} members");
                break;
            case "maxProperties":
                Require(value.GetPropertyCount() <= rule.GetInt32(), at, $"it has more than {rule} members");
                break;
            default:
                described.Any = true;
                foreach (var member in Members(value).Where(member => IsMeant(schema, name, member.Name)))
                {
                    described.Names.Add(member.Name);
                    if (rule.ValueKind == JsonValueKind.False)
                    {
                        Fault(at, $"the member {member.Name} is not allowed");
                    }
                    else
                    {
                        CheckEach(name, rule, member, $"{at}/{member.Name}");
                    }
                }

                break;
        }
    }

    private void CheckEach(string name, JsonElement rule, (string Name, JsonElement Value) member, string at)
    {
        switch (name)
        {
            case "properties":
                CheckWhole(rule.GetProperty(member.Name), member.Value, at);
                break;
            case "patternProperties":
                foreach (var pattern in rule.EnumerateObject().Where(pattern => Fits(pattern.Name, member.Name)))
                {
                    CheckWhole(pattern.Value, member.Value, at);
                }

                break;
            default:
                CheckWhole(rule, member.Value, at);
                break;
        }
    }

    // Where other members are welcome, some have names that are no text: half of a surrogate pair. No schema means those.
    private static IEnumerable<(string Name, JsonElement Value)> Members(JsonElement value)
    {
        foreach (var member in value.EnumerateObject())
        {
            string name;
            try
            {
                name = member.Name;
            }
            catch (InvalidOperationException)
            {
                continue;
            }

            yield return (name, member.Value);
        }
    }

    private static bool IsMeant(JsonElement schema, string keyword, string member)
    {
        var isNamed = schema.TryGetProperty("properties", out var properties) && properties.TryGetProperty(member, out _);
        var isPatterned = schema.TryGetProperty("patternProperties", out var patterns) && patterns.EnumerateObject().Any(pattern => Fits(pattern.Name, member));
        return keyword switch { "properties" => isNamed, "patternProperties" => isPatterned, _ => !isNamed && !isPatterned };
    }

    private static bool Fits(string pattern, string name) => Regex.IsMatch(name, Regex.Replace(pattern, @"\$$", @"\z"), RegexOptions.Singleline, TimeSpan.FromSeconds(5));

    // The document's values are texts and null.
    private static bool AreEqual(JsonElement described, JsonElement value) =>
        described.ValueKind == value.ValueKind && (described.ValueKind != JsonValueKind.String || TextOf(value) == described.GetString());

    // Null: half of a surrogate pair, which no text has.
    private static string? TextOf(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static bool IsOfType(JsonElement type, JsonElement value) => type.ValueKind == JsonValueKind.Array
        ? type.EnumerateArray().Any(one => IsOfType(one, value))
        : (type.GetString(), value.ValueKind) switch
        {
            ("string", JsonValueKind.String) or ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("number", JsonValueKind.Number) => true,
            ("null", JsonValueKind.Null) or ("boolean", JsonValueKind.True or JsonValueKind.False) => true,
            ("integer", JsonValueKind.Number) => double.IsInteger(value.GetDouble()),
            _ => false,
        };

    /// <summary>What a reference names: <c>#/components/schemas/Token</c>.</summary>
    public static JsonElement Resolve(JsonElement document, string reference) =>
        reference.Split('/').Skip(1).Aggregate(document, (place, step) => place.GetProperty(step));

    /// <summary>The schema behind references; of what may also be null the rest.</summary>
    public static JsonElement Shape(JsonElement document, JsonElement schema) =>
        schema.TryGetProperty("$ref", out var reference) ? Shape(document, Resolve(document, reference.GetString()!))
        : schema.TryGetProperty("anyOf", out var shapes) ? Shape(document, shapes[0])
        : schema;

    private void Require(bool holds, string at, string fault)
    {
        if (!holds)
        {
            Fault(at, fault);
        }
    }

    private void Fault(string at, string fault) => _faults.Add($"{(at.Length == 0 ? "the whole" : at)}: {fault}");

    private static string Short(JsonElement value) => value.GetRawText() is { Length: > 100 } text ? text[..100] + "…" : value.GetRawText();

    private sealed class DescribedMembers
    {
        public HashSet<string> Names { get; } = new(StringComparer.Ordinal);

        public bool Any { get; set; }

        public void Take(DescribedMembers others)
        {
            Any |= others.Any;
            Names.UnionWith(others.Names);
        }
    }
}
