using System.Net;
using Npgsql;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Management.Tests.Outages;

public sealed class DatabaseOutageTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task While_the_database_is_away_the_answer_is_503_soon_and_nothing_is_done_later(bool silent)
    {
        var tenant = $"outage_{silent}";
        var direct = new NpgsqlConnectionStringBuilder(api.Postgres);
        await using var relay = new TcpRelay(direct.Host!, direct.Port);
        var instance = await api.StartHostAsync(("ConnectionStrings:Postgres", new NpgsqlConnectionStringBuilder(api.Postgres) { Host = "127.0.0.1", Port = relay.Port }.ConnectionString));
        var token = await api.TokenAsync(tenant);
        var subscription = await api.SubscribeAsync(tenant);
        await Eventually.TrueAsync(async () => (await api.SendAsync(HttpMethod.Get, "/v1/subscriptions", null, token, via: instance)).Status == HttpStatusCode.OK, Limit, "the instance to know the token");

        // It has reached the broker: what is refused from here on is so for the database.
        await AcceptsAsync();
        var tokens = (await api.GetAsync($"/v1/tokens?tenant_id={tenant}")).Ids;

        if (silent)
        {
            relay.FallSilent();
        }
        else
        {
            relay.Cut();
        }

        (HttpMethod Method, string Path, object? Body)[] requests =
        [
            (HttpMethod.Get, "/v1/subscriptions", null),
            (HttpMethod.Get, "/v1/deliveries", null),
            (HttpMethod.Patch, $"/v1/subscriptions/{subscription.Id}", new { description = "lost" }),
            (HttpMethod.Delete, $"/v1/subscriptions/{subscription.Id}", null),
            (HttpMethod.Post, "/v1/subscriptions", new { url = "https://receiver.example/", event_types = new[] { "a" } }),
            (HttpMethod.Post, "/v1/tokens", new { scopes = new[] { "admin" } }),
        ];
        await Task.WhenAll(requests.Select(async request =>
        {
            var refused = await api.SendSoonAsync(request.Method, request.Path, request.Body, token, instance);
            refused.IsProblem(HttpStatusCode.ServiceUnavailable, "unavailable");
            Assert.NotNull(refused.Headers.RetryAfter);
            Assert.EndsWith(request.Method == HttpMethod.Post ? "look before you send it again." : "Try again.", refused.Member("detail"), StringComparison.Ordinal);
        }));
        await ManagementApi.IsSoonAsync(async () =>
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await instance.GetAsync(new Uri("/health/ready", UriKind.Relative))).StatusCode));
        Assert.Equal(HttpStatusCode.Unauthorized, (await api.SendAsync(HttpMethod.Get, "/v1/subscriptions", null, "whk_unknown_000000000000", via: instance)).Status);
        await AcceptsAsync();

        relay.Restore();
        await Eventually.TrueAsync(
            async () => (await api.SendAsync(HttpMethod.Get, "/v1/subscriptions", null, token, via: instance)).Status == HttpStatusCode.OK, Limit, "the database to be found again");
        // What came through late has ended when nothing that began before is left.
        await Eventually.TrueAsync(
            async () => await api.Database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'") == 0,
            Limit, "late statements to end");
        Assert.Equal([subscription.Id], (await api.GetAsync($"/v1/subscriptions?tenant_id={tenant}")).Ids);
        Assert.Equal(tokens, (await api.GetAsync($"/v1/tokens?tenant_id={tenant}")).Ids);

        // A busy machine's broker may be late once.
        Task AcceptsAsync() => Eventually.TrueAsync(
            async () => (await api.SendAsync(HttpMethod.Post, "/v1/events", """{"id":"evt_outage","type":"a","data":{}}""", token, via: instance)).Status == HttpStatusCode.Accepted,
            Limit, "an event to be accepted");
    }

    [Fact]
    public async Task A_row_locked_by_somebody_else_makes_a_change_503_and_not_a_hang()
    {
        var subscription = await api.SubscribeAsync("locked");
        await using var transaction = await api.Database.HoldAsync("SELECT 1 FROM subscriptions WHERE id = $1 FOR UPDATE", ManagementApi.IdOf(subscription));

        (await api.PatchAsync($"/v1/subscriptions/{subscription.Id}", new { description = "waits" })).IsProblem(HttpStatusCode.ServiceUnavailable, "unavailable");

        await transaction.DisposeAsync();
        await Eventually.TrueAsync(
            async () => (await api.PatchAsync($"/v1/subscriptions/{subscription.Id}", new { description = "goes" })).Status == HttpStatusCode.OK, Limit, "the change to be made");
    }
}
