using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Webhooks.Api.OpenApi;

namespace Webhooks.Management.Tests.OpenApi;

/// <summary>The document is whole, served, and kept in the repository.</summary>
public sealed class ApiDocumentTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    private const string Rewrite = "WEBHOOKS_REWRITE_OPENAPI";

    [Fact]
    public async Task The_document_is_served_to_everybody_as_JSON_and_not_sent_twice()
    {
        var served = await api.GetAsync(OpenApiRoute.Path, token: null);

        Assert.Equal((HttpStatusCode.OK, "application/json"), (served.Status, served.ContentType));
        Assert.Equal("3.1.0", served.Member("openapi"));

        using var again = new HttpRequestMessage(HttpMethod.Get, new Uri(OpenApiRoute.Path, UriKind.Relative));
        again.Headers.TryAddWithoutValidation("If-None-Match", served.ETag);
        Assert.Equal(HttpStatusCode.NotModified, (await api.SendAsync(again, token: null)).Status);
    }

    [Fact]
    public async Task The_document_is_the_one_in_the_repository()
    {
        var path = RepositoryFile.Find("contracts/openapi/management.json");
        var served = (await api.GetAsync(OpenApiRoute.Path, token: null)).Text;
        if (Environment.GetEnvironmentVariable(Rewrite) is not null)
        {
            await File.WriteAllTextAsync(path, served);
        }

        Assert.True(
            File.Exists(path) && await File.ReadAllTextAsync(path) == served,
            $"The API is described in another way than contracts/openapi/management.json has it. When that is meant, write it anew: {Rewrite}=1 dotnet test tests/Management --filter FullyQualifiedName~{nameof(ApiDocumentTests)}");
    }

    [Fact]
    public void Every_route_is_described()
    {
        var forgotten =
            from route in api.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            where route.RoutePattern.RawText!.StartsWith("/v1/", StringComparison.Ordinal) && route.Metadata.GetMetadata<OperationMark>() is null
            select $"{string.Join(' ', route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods)} {route.RoutePattern.RawText}";

        Assert.True(!forgotten.Any(), $"End the mapping of these routes with .DescribedBy(…); CONTRIBUTING.md says how: {string.Join(", ", forgotten)}.");
    }

    [Fact]
    public void Every_operation_has_a_name_of_its_own_and_says_in_sentences_what_it_does()
    {
        var operations = Operations();

        Assert.Equal(operations.Count, operations.Select(operation => operation.Id).Distinct().Count());
        foreach (var operation in operations)
        {
            Assert.Matches("^[a-z][A-Za-z]+$", operation.Id);
            Assert.Matches("^[A-Z].*[^.]$", operation.Summary);
            Assert.Matches(@"(?s)^[A-Z].*\.$", operation.Description.TrimEnd());
            Assert.Matches(@"(?s)^[A-Z].*\.$", operation.Tag.Description);
            Assert.NotEmpty(operation.Answers);
            Assert.All(operation.Answers, answer => Assert.Matches(@"(?s)^[A-Z].*\.$", answer.Description));
            Assert.NotEmpty(operation.Problems);
        }
    }

    [Fact]
    public void Every_operation_describes_the_parameters_of_its_path()
    {
        foreach (var route in DescribedRoute.Of(api.Services.GetRequiredService<EndpointDataSource>()))
        {
            var named = System.Text.RegularExpressions.Regex.Matches(route.Path, @"\{(\w+)\}").Select(match => match.Groups[1].Value);
            Assert.Equal(named, route.Operation.Parameters.Where(parameter => parameter.In == Parameter.InPath).Select(parameter => parameter.Name));
        }
    }

    [Fact]
    public async Task Every_parameter_body_and_answer_has_an_example()
    {
        var document = JsonNode.Parse((await api.GetAsync(OpenApiRoute.Path, token: null)).Text)!;
        foreach (var (path, item) in document["paths"]!.AsObject())
        {
            foreach (var (method, operation) in item!.AsObject())
            {
                foreach (var parameter in operation!["parameters"]?.AsArray() ?? [])
                {
                    Assert.True(parameter!["example"] is not null, $"The parameter {parameter["name"]} of {method} {path} has no example.");
                }

                foreach (var content in Contents(operation))
                {
                    Assert.True(content["example"] is not null || content["examples"] is not null, $"A body of {method} {path} has no example.");
                }
            }
        }
    }

    private static IEnumerable<JsonNode> Contents(JsonNode operation) =>
        from holder in (operation["responses"]!.AsObject().Select(response => response.Value!)).Append(operation["requestBody"]).OfType<JsonNode>()
        from content in holder["content"]?.AsObject() ?? []
        select content.Value;

    private List<Operation> Operations() => [.. DescribedRoute.Of(api.Services.GetRequiredService<EndpointDataSource>()).Select(route => route.Operation)];
}
