using System.Text.Json;
using Webhooks.Subscriptions.Json;

namespace Webhooks.Subscriptions.Shaping.Filters;

/// <summary>What a condition asks of a value.</summary>
internal enum FilterOperator
{
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    In,
    NotIn,
    Exists,
    StartsWith,
}

/// <summary>One question to one value of an event. Where the event has no such value only <c>"exists": false</c> is true.</summary>
/// <param name="Operator">What is asked.</param>
/// <param name="Operand">What the value is compared with, as it stands in the filter.</param>
internal sealed record FilterCondition(FilterOperator Operator, JsonPlace Operand)
{
    /// <summary>As the filter has it: <c>{"eq":"HIGH"}</c>.</summary>
    public override string ToString() => $"{{\"{FilterReader.NameOf(Operator)}\":{Operand.Value.GetRawText()}}}";

    /// <param name="value">Null: there is none.</param>
    public bool Holds(JsonPlace? value) => (Operator, value) switch
    {
        (FilterOperator.Exists, _) => Operand.Value.GetBoolean() == value is not null,
        (_, null) => false,
        (FilterOperator.Equal, { } present) => JsonComparison.AreEqual(present, Operand),
        (FilterOperator.NotEqual, { } present) => !JsonComparison.AreEqual(present, Operand),
        (FilterOperator.Greater, { } present) => JsonComparison.Compare(present, Operand) > 0,
        (FilterOperator.GreaterOrEqual, { } present) => JsonComparison.Compare(present, Operand) >= 0,
        (FilterOperator.Less, { } present) => JsonComparison.Compare(present, Operand) < 0,
        (FilterOperator.LessOrEqual, { } present) => JsonComparison.Compare(present, Operand) <= 0,
        (FilterOperator.In, { } present) => Operand.Elements.Any(one => JsonComparison.AreEqual(present, one)),
        (FilterOperator.NotIn, { } present) => !Operand.Elements.Any(one => JsonComparison.AreEqual(present, one)),
        (FilterOperator.StartsWith, { Kind: JsonValueKind.String } present) => present.Text.StartsWith(Operand.Text, StringComparison.Ordinal),
        (FilterOperator.StartsWith, _) => false,
        _ => throw new InvalidOperationException($"No rule for {Operator}."),
    };
}
