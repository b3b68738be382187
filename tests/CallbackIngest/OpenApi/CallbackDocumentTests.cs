using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Webhooks.Api.OpenApi;
using Webhooks.Management.Tests.OpenApi;

namespace Webhooks.CallbackIngest.Tests.OpenApi;

/// <summary>The document is whole, served, kept in the repository, and what it shows is taken.</summary>
public sealed class CallbackDocumentTests(World world) : IClassFixture<World>
{
    private const string Rewrite = "WEBHOOKS_REWRITE_OPENAPI";

    [Fact]
    public async Task The_document_is_the_one_in_the_repository()
    {
        var path = RepositoryFile.Find("contracts/openapi/callbacks.json");
        var served = await ServedAsync();
        if (Environment.GetEnvironmentVariable(Rewrite) is not null)
        {
            await File.WriteAllTextAsync(path, served);
        }

        Assert.True(
            File.Exists(path) && await File.ReadAllTextAsync(path) == served,
            $"The API is described in another way than contracts/openapi/callbacks.json has it. When that is meant, write it anew: {Rewrite}=1 dotnet test tests/CallbackIngest --filter FullyQualifiedName~{nameof(CallbackDocumentTests)}");
    }

    [Fact]
    public void Every_route_is_described() => Assert.DoesNotContain(
        world.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>(),
        route => route.RoutePattern.RawText!.StartsWith("/v1/", StringComparison.Ordinal) && route.Metadata.GetMetadata<OperationMark>() is null);

    [Fact]
    public async Task Every_example_fits_its_schema_and_the_callback_that_is_shown_is_taken()
    {
        var document = JsonElement.Parse(await ServedAsync());
        var operation = document.GetProperty("paths").GetProperty("/v1/exceptions/{exceptionId}/callback").GetProperty("post");
        var content = operation.GetProperty("requestBody").GetProperty("content").GetProperty("application/json");
        var example = content.GetProperty("example");

        Assert.Empty(SchemaCheck.FaultsOf(document, refuseUndescribed: true, content.GetProperty("schema"), example));
        (await world.Ingest.SendAsync(Encoding.UTF8.GetBytes(example.GetRawText()), [("X-Idempotency-Key", "shown")])).IsAccepted();
        Assert.Equal(
            ["200", "400", "401", "403", "408", "409", "413", "415", "422", "429", "503"],
            operation.GetProperty("responses").EnumerateObject().Select(response => response.Name).Order(StringComparer.Ordinal));
        Assert.Equal(
            ["assignee_missing", "idempotency_key_reused", "invalid_status"],
            operation.GetProperty("responses").GetProperty("422").GetProperty("content").GetProperty("application/problem+json").GetProperty("examples")
                .EnumerateObject().Select(shown => shown.Name).Order(StringComparer.Ordinal));
        foreach (var shown in document.GetProperty("components").GetProperty("examples").EnumerateObject())
        {
            Assert.Empty(SchemaCheck.FaultsOf(document, refuseUndescribed: true, document.GetProperty("components").GetProperty("schemas").GetProperty("Problem"), shown.Value.GetProperty("value")));
        }
    }

    [Fact]
    public async Task A_problem_that_is_answered_is_described()
    {
        var document = JsonElement.Parse(await ServedAsync());
        var problem = document.GetProperty("components").GetProperty("schemas").GetProperty("Problem");
        var codes = document.GetProperty("components").GetProperty("examples").EnumerateObject().Select(shown => shown.Name).ToList();
        foreach (var (body, key, token) in new[] { ("{", "k", World.Token), ("{}", "k", World.Token), ("{}", null, World.Token), ("{}", "k", "whk_unknown"), ("{}", "k", World.ReadToken), (IngestClient.Body("DONE"), "k", World.Token) })
        {
            var answer = await world.Ingest.SendAsync(body, key, token);

            Assert.Contains(answer.Json.GetProperty("code").GetString(), codes);
            Assert.Empty(SchemaCheck.FaultsOf(document, refuseUndescribed: true, problem, answer.Json));
        }
    }

    [Fact]
    public async Task A_sources_401_is_described_as_what_it_is_and_not_as_a_tokens()
    {
        var document = JsonElement.Parse(await ServedAsync());
        JsonElement Resolve(JsonElement node) =>
            node.TryGetProperty("$ref", out var link) ? link.GetString()![2..].Split('/').Aggregate(document, (place, step) => place.GetProperty(step)) : node;

        foreach (var (path, expected, word) in new[]
        {
            ("/v1/sources/{sourceId}", "Webhook", "webhook"), ("/v1/sources/{sourceId}/{exceptionId}", "Webhook", "webhook"), ("/v1/exceptions/{exceptionId}/callback", "Bearer", "token"),
        })
        {
            var response = Resolve(document.GetProperty("paths").GetProperty(path).GetProperty("post").GetProperty("responses").GetProperty("401"));
            Assert.Contains(word, response.GetProperty("description").GetString(), StringComparison.Ordinal);
            Assert.Equal(expected, response.GetProperty("headers").GetProperty("WWW-Authenticate").GetProperty("example").GetString());
            var example = Resolve(Assert.Single(response.GetProperty("content").GetProperty("application/problem+json").GetProperty("examples").EnumerateObject()).Value).GetProperty("value");
            Assert.Equal("unauthenticated", example.GetProperty("code").GetString());
            Assert.Contains(word, example.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }

    private async Task<string> ServedAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(world.Ingest.Address, OpenApiRoute.Path));
        return (await IngestClient.SendAsync(request)).Text;
    }
}
