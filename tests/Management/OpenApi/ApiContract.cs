using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Web;

namespace Webhooks.Management.Tests.OpenApi;

/// <summary>
/// Holds what the service does to what its document says. Every exchange of these tests goes through it: what is not
/// described must not be answered, and what was accepted must have been described.
/// </summary>
public sealed class ApiContract
{
    private static readonly ConcurrentDictionary<string, ApiContract> Known = new(StringComparer.Ordinal);

    private ApiContract(JsonElement document)
    {
        Document = document;
        Operations =
        [
            .. from path in document.GetProperty("paths").EnumerateObject()
               from operation in path.Value.EnumerateObject()
               select new ApiOperation(operation.Name.ToUpperInvariant(), path.Name, operation.Value),
        ];
    }

    public JsonElement Document { get; }

    public IReadOnlyList<ApiOperation> Operations { get; }

    /// <param name="document">As it is served; read once for all tests.</param>
    public static ApiContract Of(string document) => Known.GetOrAdd(document, static text => new ApiContract(JsonElement.Parse(text)));

    /// <summary>Which operation a request is for; null: none.</summary>
    public ApiOperation? Find(string method, string path) =>
        Operations.Where(operation => operation.Method == method && operation.Matches(path)).OrderBy(operation => operation.Path.Count(character => character == '{')).FirstOrDefault();

    /// <summary>Fails the test when an exchange is not one that the document describes.</summary>
    /// <param name="request">Sent.</param>
    /// <param name="body">What was sent with it.</param>
    /// <param name="answer">What came back.</param>
    public void Hold(HttpRequestMessage request, byte[] body, Answer answer)
    {
        var path = request.RequestUri!.AbsolutePath;
        if (!path.StartsWith("/v1/", StringComparison.Ordinal))
        {
            return;
        }

        var isHead = request.Method == HttpMethod.Head;
        var what = $"{request.Method} {request.RequestUri.PathAndQuery} answered {(int)answer.Status} {answer.Text}";
        if (Find(isHead ? "GET" : request.Method.Method, path) is not { } operation)
        {
            Assert.True(
                answer.Status is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed,
                $"{what}\nbut is not described: end the mapping of its route with .DescribedBy(…), see CONTRIBUTING.md.");
            return;
        }

        var faults = FaultsOf(operation, answer, hasBody: !isHead);
        if ((int)answer.Status < 300)
        {
            faults = [.. faults, .. FaultsOf(operation, request.RequestUri, body)];
        }

        Assert.True(faults.Count == 0, $"{what}\nis not as {operation.Id} is described: {string.Join("; ", faults)}.");
    }

    /// <summary>May its body have this member?</summary>
    public bool Takes(ApiOperation operation, string member) =>
        operation.BodySchema is { } schema && SchemaCheck.Shape(Document, schema).TryGetProperty("properties", out var members) && members.TryGetProperty(member, out _);

    private List<string> FaultsOf(ApiOperation operation, Answer answer, bool hasBody)
    {
        if (!operation.Json.GetProperty("responses").TryGetProperty(((int)answer.Status).ToString(CultureInfo.InvariantCulture), out var response))
        {
            return [$"the status {(int)answer.Status} is not described"];
        }

        response = response.TryGetProperty("$ref", out var reference) ? SchemaCheck.Resolve(Document, reference.GetString()!) : response;
        var faults = new List<string>();
        if (response.TryGetProperty("headers", out var headers))
        {
            faults.AddRange(headers.EnumerateObject().Where(header => !answer.Headers.Contains(header.Name)).Select(header => $"the header {header.Name} is missing"));
        }

        if (!response.TryGetProperty("content", out var content))
        {
            faults.AddRange(answer.Text.Length > 0 ? ["a body is not described"] : Array.Empty<string>());
        }
        else if (!content.TryGetProperty(answer.ContentType ?? "none", out var described))
        {
            faults.Add($"the content type {answer.ContentType} is not described");
        }
        else if (hasBody)
        {
            faults.AddRange(SchemaCheck.FaultsOf(Document, refuseUndescribed: true, described.GetProperty("schema"), answer.Json));
        }

        return faults;
    }

    private List<string> FaultsOf(ApiOperation operation, Uri uri, byte[] body)
    {
        var faults = new List<string>();
        foreach (var (name, value) in operation.Values(uri.AbsolutePath))
        {
            faults.AddRange(FaultsOf(operation, "path", name, value));
        }

        var query = HttpUtility.ParseQueryString(uri.Query);
        // Who takes a query takes no other; who takes none ignores whatever comes.
        var takesQuery = operation.Parameters.Any(parameter => parameter.GetProperty("in").GetString() == "query");
        foreach (var name in query.AllKeys.OfType<string>().Where(name => takesQuery && query[name] is { Length: > 0 }))
        {
            faults.AddRange(FaultsOf(operation, "query", name, query[name]!));
        }

        if (operation.BodySchema is { } schema)
        {
            if (body.Length == 0 && !operation.Json.GetProperty("requestBody").GetProperty("required").GetBoolean())
            {
                return faults;
            }

            faults.AddRange(SchemaCheck.FaultsOf(Document, refuseUndescribed: false, schema, JsonElement.Parse(body, new JsonDocumentOptions { MaxDepth = 256 })).Select(fault => $"of the accepted body {fault}"));
        }
        else if (body.Length > 0 && operation.Method is not ("GET" or "DELETE")) // which ignore what HTTP gives no meaning there
        {
            faults.Add("a body was accepted that is not described");
        }

        return faults;
    }

    private IEnumerable<string> FaultsOf(ApiOperation operation, string place, string name, string value)
    {
        if (operation.Parameter(place, name) is not { } parameter)
        {
            return [$"the {place} parameter {name} was accepted and is not described"];
        }

        var allowed = parameter.GetProperty("schema");
        var json = allowed.GetProperty("type").GetRawText().Contains("string", StringComparison.Ordinal) ? JsonSerializer.SerializeToElement(value) : JsonElement.Parse(value);
        return SchemaCheck.FaultsOf(Document, refuseUndescribed: false, allowed, json).Select(fault => $"of the accepted {place} parameter {name} {fault}");
    }
}

/// <summary>One operation of the document.</summary>
public sealed record ApiOperation(string Method, string Path, JsonElement Json)
{
    public string Id => Json.GetProperty("operationId").GetString()!;

    /// <summary>The scope that its token must have.</summary>
    public string Scope => Json.GetProperty("security")[0].GetProperty("bearer")[0].GetString()!;

    /// <summary>What its body may be; null: it takes none.</summary>
    public JsonElement? BodySchema => Json.TryGetProperty("requestBody", out var body) ? body.GetProperty("content").GetProperty("application/json").GetProperty("schema") : null;

    public bool Matches(string path)
    {
        var (own, asked) = (Path.Split('/'), path.Split('/'));
        return own.Length == asked.Length && own.Zip(asked).All(step => step.First == step.Second || (step.First.StartsWith('{') && step.Second.Length > 0));
    }

    /// <summary>What a path has where this one has parameters.</summary>
    public IEnumerable<(string Name, string Value)> Values(string path) =>
        Path.Split('/').Zip(path.Split('/')).Where(step => step.First.StartsWith('{')).Select(step => (step.First.Trim('{', '}'), Uri.UnescapeDataString(step.Second)));

    public IEnumerable<JsonElement> Parameters => Json.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray() : [];

    public JsonElement? Parameter(string place, string name) =>
        Parameters.Where(parameter => parameter.GetProperty("in").GetString() == place && parameter.GetProperty("name").GetString() == name).Select(parameter => (JsonElement?)parameter).FirstOrDefault();
}
