using System.Text.Json;
using System.Text.RegularExpressions;

namespace Webhooks.Architecture.Tests;

/// <summary>An event type's folder says the same thing twice: by an example and by a schema of its data.</summary>
public sealed class CatalogTests
{
    // Those that others publish have none yet.
    public static TheoryData<string> Types => [.. Repository.FoldersBelow("contracts/catalog").Select(folder => Path.GetFileName(folder)!).Where(type => type.StartsWith("webhook.", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Types))]
    public void The_example_is_of_its_type_and_fulfils_the_schema(string type)
    {
        using var example = Read(type, "example.json");
        using var schema = Read(type, "schema.json");
        var data = example.RootElement.GetProperty("data").EnumerateObject().ToDictionary(member => member.Name, member => member.Value);
        var properties = schema.RootElement.GetProperty("properties").EnumerateObject().ToDictionary(member => member.Name, member => member.Value);

        Assert.Equal(type, example.RootElement.GetProperty("type").GetString());
        Assert.Equal(properties.Keys, data.Keys);
        Assert.Equal(data.Keys, schema.RootElement.GetProperty("required").EnumerateArray().Select(name => name.GetString()!));
        Assert.All(properties, property => AssertFulfils(property.Value, data[property.Key]));
    }

    private static void AssertFulfils(JsonElement property, JsonElement value)
    {
        if (property.TryGetProperty("type", out var types))
        {
            var allowed = types.ValueKind == JsonValueKind.Array ? types.EnumerateArray().Select(one => one.GetString()) : [types.GetString()];
            Assert.Contains(value.ValueKind switch { JsonValueKind.String => "string", JsonValueKind.Number => "integer", JsonValueKind.Null => "null", var other => $"{other}" }, allowed);
        }

        if (property.TryGetProperty("enum", out var words))
        {
            Assert.Contains(value.GetString(), words.EnumerateArray().Select(word => word.GetString()));
        }

        if (property.TryGetProperty("pattern", out var pattern))
        {
            Assert.Matches(new Regex(pattern.GetString()!, RegexOptions.None, TimeSpan.FromSeconds(1)), value.GetString()!);
        }
    }

    private static JsonDocument Read(string type, string file) => JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "contracts", "catalog", type, file)));
}
