using System.Text.Json;
using Webhooks.Subscriptions.Json;
using Webhooks.Subscriptions.Shaping;

namespace Webhooks.Subscriptions.Shaping.Filters;

/// <summary>
/// Reads a filter from JSON, all faults at once. Its members are JSON pointers with conditions, and <c>all</c>,
/// <c>any</c>, <c>not</c> with further filters; all members of one object must hold.
/// </summary>
internal sealed class FilterReader
{
    public const int MostConditions = 100;
    public const int MostAlternatives = 100;
    public const int Deepest = 8;

    private static readonly Dictionary<string, FilterOperator> Operators = new(StringComparer.Ordinal)
    {
        ["eq"] = FilterOperator.Equal,
        ["ne"] = FilterOperator.NotEqual,
        ["gt"] = FilterOperator.Greater,
        ["gte"] = FilterOperator.GreaterOrEqual,
        ["lt"] = FilterOperator.Less,
        ["lte"] = FilterOperator.LessOrEqual,
        ["in"] = FilterOperator.In,
        ["nin"] = FilterOperator.NotIn,
        ["exists"] = FilterOperator.Exists,
        ["starts_with"] = FilterOperator.StartsWith,
    };

    /// <summary>How a filter spells it.</summary>
    public static string NameOf(FilterOperator @operator) => Operators.First(known => known.Value == @operator).Key;

    private readonly List<ShapingFault> _faults;
    private int _conditions;

    private FilterReader(List<ShapingFault> faults) => _faults = faults;

    /// <summary>Null when it has faults, which are added.</summary>
    public static FilterExpression? Read(JsonElement json, List<ShapingFault> faults)
    {
        var reader = new FilterReader(faults);
        var filter = reader.ReadObject(json, "", depth: 1);
        if (reader._conditions > MostConditions)
        {
            reader.Fault("", $"It has {reader._conditions} conditions; at most {MostConditions} are possible.");
        }

        return faults.Count == 0 ? filter : null;
    }

    private FilterExpression ReadObject(JsonElement json, string at, int depth)
    {
        var parts = new List<FilterExpression>();
        if (json.ValueKind != JsonValueKind.Object)
        {
            Fault(at, "It must be an object of JSON pointers with conditions, such as {\"/data/severity\":{\"eq\":\"HIGH\"}}.");
        }
        else if (depth > Deepest)
        {
            Fault(at, $"It is nested deeper than {Deepest} levels.");
        }
        else
        {
            parts.AddRange(json.EnumerateObject().Select(member => ReadMember(member.Name, member.Value, $"{at}/{Escape(member.Name)}", depth)));
        }

        return parts is [var single] ? single : new FilterExpression.All(parts);
    }

    private FilterExpression ReadMember(string name, JsonElement value, string at, int depth)
    {
        switch (name)
        {
            case "all": return new FilterExpression.All(ReadList(value, at, depth));
            case "any": return new FilterExpression.Any(ReadList(value, at, depth));
            case "not": return new FilterExpression.Not(ReadObject(value, at, depth + 1));
        }

        if (!JsonPointer.TryParse(name, out var pointer))
        {
            Fault(at, "It must be a JSON pointer such as /data/severity, or one of all, any, not.");
            return new FilterExpression.All([]);
        }

        return new FilterExpression.At(pointer, ReadConditions(value, at));
    }

    private List<FilterExpression> ReadList(JsonElement json, string at, int depth)
    {
        if (json.ValueKind != JsonValueKind.Array || json.GetArrayLength() == 0)
        {
            Fault(at, "It must be a list of at least one filter.");
            return [];
        }

        return [.. json.EnumerateArray().Select((part, index) => ReadObject(part, $"{at}/{index}", depth + 1))];
    }

    private List<FilterCondition> ReadConditions(JsonElement json, string at)
    {
        if (json.ValueKind != JsonValueKind.Object || json.GetPropertyCount() == 0)
        {
            Fault(at, $"It must be an object with at least one of {string.Join(", ", Operators.Keys)}, such as {{\"eq\":\"HIGH\"}}.");
            return [];
        }

        var conditions = new List<FilterCondition>();
        foreach (var member in json.EnumerateObject())
        {
            _conditions++;
            var place = $"{at}/{Escape(member.Name)}";
            if (!Operators.TryGetValue(member.Name, out var @operator))
            {
                Fault(place, $"There is no such condition; there are {string.Join(", ", Operators.Keys)}.");
            }
            else if (FaultOf(@operator, member.Value) is { } fault)
            {
                Fault(place, fault);
            }
            else
            {
                conditions.Add(new FilterCondition(@operator, new JsonPlace(member.Value.Clone())));
            }
        }

        return conditions;
    }

    private static string? FaultOf(FilterOperator @operator, JsonElement operand) => @operator switch
    {
        FilterOperator.Greater or FilterOperator.GreaterOrEqual or FilterOperator.Less or FilterOperator.LessOrEqual =>
            operand.ValueKind is JsonValueKind.Number or JsonValueKind.String ? null : "It must be a number or a string.",
        FilterOperator.In or FilterOperator.NotIn =>
            operand.ValueKind is JsonValueKind.Array && operand.GetArrayLength() is >= 1 and <= MostAlternatives ? null : $"It must be a list of 1 to {MostAlternatives} values.",
        FilterOperator.Exists => operand.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : "It must be true or false.",
        FilterOperator.StartsWith => operand.ValueKind is JsonValueKind.String ? null : "It must be a string.",
        _ => null,
    };

    private void Fault(string at, string message) => _faults.Add(new ShapingFault(at, message));

    private static string Escape(string step) => JsonPointer.Escape(step);
}
