using System.Text.Json.Nodes;

namespace Webhooks.Api.OpenApi;

/// <summary>The named schemas that the operations use, and those that these use.</summary>
internal static class ComponentSchemas
{
    public static JsonObject Write(IEnumerable<Operation> operations, IEnumerable<Schema> others)
    {
        var named = new SortedDictionary<string, Schema>(StringComparer.Ordinal);
        foreach (var schema in operations.SelectMany(Roots).Append(ProblemWriter.Schema).Concat(others))
        {
            Collect(schema, named);
        }

        return new JsonObject(named.Select(schema => KeyValuePair.Create(schema.Key, (JsonNode?)schema.Value.WriteWhole())));
    }

    private static IEnumerable<Schema> Roots(Operation operation) =>
        [.. operation.Parameters.Select(parameter => parameter.Schema), .. operation.Answers.Select(answer => answer.Schema).OfType<Schema>(), .. operation.Body is { } body ? [body] : Array.Empty<Schema>()];

    private static void Collect(Schema schema, SortedDictionary<string, Schema> named)
    {
        if (schema.Name is { } name)
        {
            if (named.TryGetValue(name, out var known) && !JsonNode.DeepEquals(known.WriteWhole(), schema.WriteWhole()))
            {
                throw new InvalidOperationException($"Two different schemas are named {name}.");
            }

            named[name] = schema;
        }

        foreach (var part in schema.Parts)
        {
            Collect(part, named);
        }
    }
}
