using System.Text.Json;

namespace Webhooks.Subscriptions.Json;

/// <summary>Equality and order of JSON values: numbers by value, however they are spelled; members in any order.</summary>
internal static class JsonComparison
{
    public static bool AreEqual(JsonElement one, JsonElement other) => one.ValueKind == other.ValueKind && one.ValueKind switch
    {
        JsonValueKind.Number => JsonNumber.Compare(Number(one), Number(other)) == 0,
        JsonValueKind.String => one.ValueEquals(other.GetString()),
        JsonValueKind.Array => one.GetArrayLength() == other.GetArrayLength()
            && one.EnumerateArray().Zip(other.EnumerateArray()).All(pair => AreEqual(pair.First, pair.Second)),
        JsonValueKind.Object => one.GetPropertyCount() == other.GetPropertyCount()
            && one.EnumerateObject().All(member => other.TryGetProperty(member.Name, out var same) && AreEqual(member.Value, same)),
        _ => true,
    };

    /// <summary>Null when the two have no order: it is defined between two numbers and, by their code units, between two strings.</summary>
    public static int? Compare(JsonElement one, JsonElement other) => (one.ValueKind, other.ValueKind) switch
    {
        (JsonValueKind.Number, JsonValueKind.Number) => JsonNumber.Compare(Number(one), Number(other)),
        (JsonValueKind.String, JsonValueKind.String) => string.CompareOrdinal(one.GetString(), other.GetString()),
        _ => null,
    };

    private static JsonNumber Number(JsonElement value) => JsonNumber.Parse(value.GetRawText());
}
