using System.Text.Json;

namespace Webhooks.Subscriptions.Json;

/// <summary>Equality and order of JSON values: numbers by value, however they are spelled; members in any order.</summary>
internal static class JsonComparison
{
    public static bool AreEqual(JsonPlace one, JsonPlace other) => one.Kind == other.Kind && one.Kind switch
    {
        JsonValueKind.Number => JsonNumber.Compare(one.Number, other.Number) == 0,
        JsonValueKind.String => one.Text == other.Text,
        JsonValueKind.Array => one.Value.GetArrayLength() == other.Value.GetArrayLength()
            && one.Elements.Zip(other.Elements).All(pair => AreEqual(pair.First, pair.Second)),
        JsonValueKind.Object => one.Members.Count == other.Members.Count
            && one.Members.All(member => other.Members.TryGetValue(member.Key, out var same) && AreEqual(member.Value, same)),
        _ => true,
    };

    /// <summary>Null when the two have no order: it is defined between two numbers and, by their code units, between two strings.</summary>
    public static int? Compare(JsonPlace one, JsonPlace other) => (one.Kind, other.Kind) switch
    {
        (JsonValueKind.Number, JsonValueKind.Number) => JsonNumber.Compare(one.Number, other.Number),
        (JsonValueKind.String, JsonValueKind.String) => string.CompareOrdinal(one.Text, other.Text),
        _ => null,
    };
}
