using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;
using Webhooks.Api.Problems;

namespace Webhooks.Api.OpenApi;

/// <summary>Writes the answers that are problems: one response a status, in which the code is one of those that the operation may answer.</summary>
internal static class ProblemWriter
{
    private const string SampleTrace = "4bf92f3577b34da6a3ce929d0e0e4736";

    private static readonly Schema Fault = Schema.Answer(
        "One fault of a body or query.",
        ("pointer", Schema.Text("Where: a JSON pointer (RFC 6901) into the body; for a parameter of the query, `/` and its name.", "/event_types/0")),
        ("code", Schema.Text("What kind of fault. It never changes.", FieldError.InvalidFormat)),
        ("message", Schema.Text("A sentence for people.", "It must be an event type such as exception.created, all below one such as exception.*, or *."))).Named("Fault");

    /// <summary>The body of every problem.</summary>
    public static Schema Schema { get; } = Schema.Answer(
        "A problem document (RFC 9457).",
        ("type", Schema.Text("Always `about:blank`: the code says which problem it is.", "about:blank", format: "uri-reference")),
        ("title", Schema.Text("The status in words.", "Bad Request")),
        ("status", Schema.Whole("The status code.", 400, 400, 599)),
        ("detail", Schema.Text("A sentence for people about this very request.", "Some of what was sent is not acceptable; errors names each fault.")),
        ("code", Schema.Text("Which problem it is. It never changes, so decide by it.", "validation_failed")),
        ("trace_id", Schema.Text("Names this request in the service's traces and log.", SampleTrace, pattern: "^[0-9a-f]{32}$").OrNull()),
        ("errors", Schema.List("Every fault of the body or query at once, or the first of very many; empty when the problem lies elsewhere.", Fault, most: Problem.MostErrors))).Named("Problem");

    public static void AddResponses(JsonObject responses, IEnumerable<ProblemKind> problems)
    {
        foreach (var status in problems.GroupBy(problem => problem.Example.Status))
        {
            // Several codes share a status, 400 most of all, in another selection for each operation; who is alone has a response to refer to.
            responses[status.Key.ToString(CultureInfo.InvariantCulture)] = status.Key == StatusCodes.Status400BadRequest || status.Count() > 1
                ? Response([.. status])
                : new JsonObject { ["$ref"] = $"#/components/responses/{NameOf(status.Single())}" };
        }
    }

    /// <summary>Those that <see cref="AddResponses"/> refers to.</summary>
    public static JsonObject Responses(IEnumerable<ProblemKind> problems) => new(
        from problem in problems
        where problem.Example.Status != StatusCodes.Status400BadRequest
        orderby problem.Example.Status
        select KeyValuePair.Create(NameOf(problem), (JsonNode?)Response([problem])));

    /// <summary>A whole problem of each kind.</summary>
    public static JsonObject Examples(IEnumerable<ProblemKind> problems) => new(
        from problem in problems
        orderby problem.Example.Status
        select KeyValuePair.Create(
            problem.Name,
            (JsonNode?)new JsonObject { ["summary"] = ReasonPhrases.GetReasonPhrase(problem.Example.Status), ["description"] = problem.When, ["value"] = Example(problem.Example) }));

    private static JsonObject Response(IReadOnlyList<ProblemKind> problems)
    {
        var response = new JsonObject { ["description"] = string.Join("\n", problems.Select(problem => $"{(problems.Count > 1 ? "- " : "")}`{problem.Example.Code}`: {problem.When}")) };
        if (problems[0].Example.RetryAfter is { } wait)
        {
            response["headers"] = Header("Retry-After", "The seconds to wait before the request is sent again.", new JsonObject { ["type"] = "integer", ["minimum"] = 0 }, (int)wait.TotalSeconds);
        }
        else if (problems[0].Example.Status == StatusCodes.Status401Unauthorized)
        {
            response["headers"] = Header("WWW-Authenticate", "The scheme that is asked for.", new JsonObject { ["type"] = "string" }, problems[0].Example.Challenge);
        }

        response["content"] = new JsonObject
        {
            [Problem.ContentType] = new JsonObject
            {
                ["schema"] = new JsonObject
                {
                    ["allOf"] = new JsonArray(
                        Schema.Write(),
                        new JsonObject { ["properties"] = new JsonObject { ["code"] = new JsonObject { ["enum"] = new JsonArray([.. problems.Select(problem => (JsonNode?)problem.Example.Code)]) } } }),
                },
                ["examples"] = new JsonObject(problems.Select(problem =>
                    KeyValuePair.Create(problem.Name, (JsonNode?)new JsonObject { ["$ref"] = $"#/components/examples/{problem.Name}" }))),
            },
        };
        return response;
    }

    private static JsonObject Header(string name, string description, JsonObject schema, JsonNode example) =>
        new() { [name] = new JsonObject { ["description"] = description, ["schema"] = schema, ["example"] = example } };

    private static JsonNode? Example(Problem problem) => JsonSerializer.SerializeToNode(problem.Body(SampleTrace), Wire);

    private static readonly JsonSerializerOptions Wire = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary><c>not_found</c> is the response NotFound.</summary>
    private static string NameOf(ProblemKind problem) =>
        string.Concat(problem.Name.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
}
