using System.Net;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Webhooks.Management.Access;
using Webhooks.Management.Tests.Deliveries;

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
    public async Task With_every_scope_but_its_own_every_route_answers_403()
    {
        foreach (var route in Routes)
        {
            var required = route.Metadata.GetMetadata<RequiredScope>()!.Name;
            var token = await api.TokenAsync("scopes", [.. Scope.All.Except([required, Scope.Admin])]);
            foreach (var method in Methods(route))
            {
                (await api.SendAsync(method, await PathAsync(route), "{}", token)).IsProblem(HttpStatusCode.Forbidden, "forbidden");
            }
        }
    }

    [Fact]
    public async Task With_another_tenants_token_what_exists_is_not_found_or_not_listed()
    {
        var foreign = await api.TokenAsync("foreigner");
        foreach (var (method, path) in await WalkAsync())
        {
            var answer = await api.SendAsync(method, path, "{}", foreign);
            if (path.Split('/').Length > 3)
            {
                answer.IsProblem(HttpStatusCode.NotFound, "not_found");
            }
            else if (method == HttpMethod.Get)
            {
                Assert.Equal(HttpStatusCode.OK, answer.Status);
                Assert.DoesNotContain("owner", answer.Text, StringComparison.Ordinal);
            }
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

        foreach (var path in new[] { "/v1/subscriptions", "/v1/tokens" })
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
        var walk = new List<(HttpMethod, string)>();
        foreach (var route in Routes)
        {
            var path = await PathAsync(route);
            walk.AddRange(Methods(route).Select(method => (method, path)));
        }

        return walk;
    }

    private static IEnumerable<HttpMethod> Methods(RouteEndpoint route) =>
        route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(method => new HttpMethod(method));

    /// <summary>The route's path with the id of something that exists and belongs to the tenant "owner".</summary>
    private async Task<string> PathAsync(RouteEndpoint route)
    {
        var path = route.RoutePattern.RawText!;
        if (!path.Contains("{id}", StringComparison.Ordinal))
        {
            return path;
        }

        var id = path.Split('/')[2] switch
        {
            "subscriptions" => (await api.SubscribeAsync("owner")).Id,
            "tokens" => (await api.PostAsync("/v1/tokens", new { tenant_id = "owner", scopes = new[] { "admin" } })).Id,
            "events" => (await Accepted.EventAsync(api, "owner")).EventId,
            "deliveries" => (await Accepted.EventAsync(api, "owner")).Deliveries[0],
            var unknown => throw new InvalidOperationException($"Say here how to make something for {unknown}."),
        };
        return path.Replace("{id}", id, StringComparison.Ordinal);
    }
}
