using System.Globalization;
using System.Text.Json.Nodes;

namespace Webhooks.Api.OpenApi;

/// <summary>Writes one operation.</summary>
internal static class OperationWriter
{
    private const string Json = "application/json";
    private const string MergePatch = "application/merge-patch+json";

    public static JsonObject Write(Operation operation, string? scope)
    {
        var written = new JsonObject
        {
            ["tags"] = new JsonArray(operation.Tag.Name),
            ["operationId"] = operation.Id,
            ["summary"] = operation.Summary,
            ["description"] = scope is null ? operation.Description : $"{operation.Description}\n\nRequires the scope `{scope}`.",
            ["security"] = scope is null ? new JsonArray() : new JsonArray(new JsonObject { ["bearer"] = new JsonArray(scope) }),
        };
        if (operation.Parameters.Count > 0)
        {
            written["parameters"] = new JsonArray([.. operation.Parameters.Select(Write)]);
        }

        if (operation.Body is { } body)
        {
            written["requestBody"] = WriteBody(body, operation.IsMergePatch, !operation.BodyIsOptional);
        }

        if (operation.AnyBody is { } any)
        {
            written["requestBody"] = new JsonObject { ["description"] = any, ["required"] = true, ["content"] = new JsonObject { ["*/*"] = new JsonObject() } };
        }

        var responses = new JsonObject(operation.Answers.Select(answer =>
            KeyValuePair.Create(answer.Status.ToString(CultureInfo.InvariantCulture), (JsonNode?)Write(answer))));
        ProblemWriter.AddResponses(responses, operation.Problems);
        written["responses"] = responses;
        return written;
    }

    private static JsonObject Write(Parameter parameter)
    {
        var written = new JsonObject { ["name"] = parameter.Name, ["in"] = parameter.In };
        if (parameter.In == Parameter.InPath)
        {
            written["required"] = true;
        }

        // What describes the parameter, not its value, stands beside it.
        var schema = parameter.Schema.Write();
        schema.Remove("description");
        schema.Remove("examples");
        written["description"] = parameter.Schema.Description;
        written["schema"] = schema;
        written["example"] = parameter.Schema.Example?.DeepClone();
        return written;
    }

    private static JsonObject WriteBody(Schema body, bool isMergePatch, bool isRequired)
    {
        var content = new JsonObject { [isMergePatch ? MergePatch : Json] = WriteContent(body) };
        if (isMergePatch)
        {
            content[Json] = WriteContent(body);
        }

        return new JsonObject { ["description"] = body.Description, ["required"] = isRequired, ["content"] = content };
    }

    private static JsonObject Write(Answer answer)
    {
        var written = new JsonObject { ["description"] = answer.Description };
        if (answer.Headers.Count > 0)
        {
            written["headers"] = new JsonObject(answer.Headers.Select(header => KeyValuePair.Create(header.Name, (JsonNode?)WriteHeader(header.Schema))));
        }

        if (answer.Schema is { } schema)
        {
            written["content"] = new JsonObject { [Json] = WriteContent(schema) };
        }

        return written;
    }

    private static JsonObject WriteHeader(Schema header)
    {
        var schema = header.Write();
        schema.Remove("description");
        schema.Remove("examples");
        return new JsonObject { ["description"] = header.Description, ["schema"] = schema, ["example"] = header.Example?.DeepClone() };
    }

    private static JsonObject WriteContent(Schema schema) => new() { ["schema"] = schema.Write(), ["example"] = schema.Example?.DeepClone() };
}
