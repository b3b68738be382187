using System.Net;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Webhooks.Api.Access;
using Webhooks.Management.Tests.Tenancy;

namespace Webhooks.Management.Tests.Access;

/// <summary>Walks every route that is mapped, so that a new one cannot be forgotten.</summary>
public sealed class AccessTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    private IReadOnlyList<RouteEndpoint> Routes =>
        [.. api.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Where(route => route.RoutePattern.RawText!.StartsWith("/v1/", StringComparison.Ordinal))];

    [Fact]
    public void Every_route_requires_a_scope() => Assert.Subset(
        new HashSet<string>(Scope.All), new HashSet<string>(Routes.Select(route => Assert.IsType<RequiredScope>(route.Metadata.GetMetadata<RequiredScope>()).Name)));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("whk_")]
    [InlineData("whk_never_made_by_anybody_000000")]
    [InlineData("whk_admin_of_the_tests_000001")]
    [InlineData("whk_admin_of_the_tests_0000000")]
    public async Task Without_a_good_token_every_route_answers_401(string? token)
    {
        foreach (var (method, path) in await WalkAsync())
        {
            var refused = await api.SendAsync(method, path, "{}", token);
            refused.IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");
            Assert.Equal("Bearer", refused.Headers.WwwAuthenticate.ToString());
        }
    }

    [Fact]
    public async Task A_tenants_token_that_names_another_tenant_is_refused_everywhere()
    {
        var token = await api.TokenAsync("owner");
        foreach (var (method, path) in await WalkAsync())
        {
            (await api.SendAsync(method, $"{path}?tenant_id=other", "{}", token)).IsProblem(HttpStatusCode.Forbidden, "forbidden");
        }

        foreach (var path in new[] { "/v1/subscriptions", "/v1/tokens", "/v1/test" })
        {
            (await api.PostAsync(path, """{"tenant_id":"other"}""", token)).IsProblem(HttpStatusCode.Forbidden, "forbidden");
        }

        (await api.PostAsync("/v1/events", """{"id":"e","type":"a","tenant_id":"other","data":{}}""", token)).IsProblem(HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task A_tenants_token_implies_its_tenant()
    {
        var token = await api.TokenAsync("implied");

        var made = await api.PostAsync("/v1/subscriptions", new { url = "https://receiver.example/", event_types = new[] { "a" } }, token);

        Assert.Equal("implied", made.Member("tenant_id"));
        Assert.Equal([made.Id], (await api.GetAsync("/v1/subscriptions", token)).Ids);
        Assert.Equal([made.Id], (await api.GetAsync("/v1/subscriptions?tenant_id=implied", token)).Ids);
        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync($"/v1/subscriptions/{made.Id}", token)).Status);
    }

    [Fact]
    public async Task The_administrator_sees_all_tenants_unless_one_is_named()
    {
        var (one, two) = (await api.SubscribeAsync("tenant_one"), await api.SubscribeAsync("tenant_two"));

        Assert.Superset(new HashSet<string> { one.Id, two.Id }, new HashSet<string>((await api.GetAsync("/v1/subscriptions?limit=200")).Ids));
        Assert.Equal([one.Id], (await api.GetAsync("/v1/subscriptions?tenant_id=tenant_one")).Ids);
    }

    private async Task<IReadOnlyList<(HttpMethod Method, string Path)>> WalkAsync()
    {
        var owner = new Belongings(api, "owner");
        var walk = new List<(HttpMethod, string)>();
        foreach (var route in Routes)
        {
            var path = await owner.PathAsync(route.RoutePattern.RawText!);
            walk.AddRange(route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(method => (new HttpMethod(method), path)));
        }

        return walk;
    }
}
