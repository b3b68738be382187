using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Webhooks.Api.Tokens;
using Webhooks.Management.Tokens;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests.Tokens;

public sealed class TokensApiTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task A_token_is_shown_once_and_stored_as_its_hash()
    {
        var made = await api.PostAsync("/v1/tokens", new { tenant_id = "tokens", name = "ci", scopes = new[] { "events:publish", "events:read", "events:read" }, expires_at = "2100-01-01T00:00:00+02:00" });

        Assert.Equal(HttpStatusCode.Created, made.Status);
        Assert.Equal($"/v1/tokens/{made.Id}", made.Headers.Location!.ToString());
        Assert.Matches("^tok_[0-9a-f]{32}$", made.Id);
        Assert.Matches("^whk_[A-Za-z0-9_-]{43}$", made.Member("token"));
        Assert.Equal(("tokens", "ci", "2099-12-31T22:00:00Z"), (made.Member("tenant_id"), made.Member("name"), made.Member("expires_at")));
        Assert.Equal("""["events:publish","events:read"]""", made.Json.GetProperty("scopes").GetRawText());

        var listed = await api.GetAsync("/v1/tokens?tenant_id=tokens");
        Assert.Equal([made.Id], listed.Ids);
        Assert.DoesNotContain("whk_", listed.Text, StringComparison.Ordinal);

        await using var command = api.Database.CreateCommand("SELECT count(*) FROM api_tokens WHERE hash = $1");
        command.Parameters.Add(new() { Value = SHA256.HashData(Encoding.UTF8.GetBytes(made.Member("token")!)) });
        Assert.Equal(1L, await command.ExecuteScalarAsync());
    }

    [Fact]
    public async Task A_revoked_token_is_refused_at_once()
    {
        var made = await api.PostAsync("/v1/tokens", new { tenant_id = "revoke", scopes = new[] { "subscriptions:read" } });
        var token = made.Member("token");
        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/v1/subscriptions", token)).Status);

        Assert.Equal(HttpStatusCode.NoContent, (await api.DeleteAsync($"/v1/tokens/{made.Id}")).Status);

        (await api.GetAsync("/v1/subscriptions", token)).IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");
        (await api.DeleteAsync($"/v1/tokens/{made.Id}")).IsProblem(HttpStatusCode.NotFound, "not_found");
        Assert.DoesNotContain(made.Id, (await api.GetAsync("/v1/tokens?tenant_id=revoke")).Ids);
    }

    [Fact]
    public async Task Another_instance_knows_of_a_token_and_of_its_revocation_within_a_second()
    {
        var other = await api.StartHostAsync();
        await Promptly.MostAsync(TimeSpan.FromSeconds(1), rounds: 5, async () =>
        {
            var made = await api.PostAsync("/v1/tokens", new { tenant_id = "fleet", scopes = new[] { "subscriptions:read" } });
            var answered = TimeProvider.System.GetTimestamp();
            await Eventually.TrueAsync(async () => await StatusAt(other, made) == HttpStatusCode.OK, Limit, "the token to be known");
            var known = TimeProvider.System.GetElapsedTime(answered);

            await api.DeleteAsync($"/v1/tokens/{made.Id}");
            answered = TimeProvider.System.GetTimestamp();
            await Eventually.TrueAsync(async () => await StatusAt(other, made) == HttpStatusCode.Unauthorized, Limit, "the revocation to be known");
            var revoked = TimeProvider.System.GetElapsedTime(answered);
            return known > revoked ? known : revoked;
        });
    }

    [Fact]
    public async Task A_token_ends_when_it_expires()
    {
        var made = await api.PostAsync("/v1/tokens", new { tenant_id = "expire", scopes = new[] { "subscriptions:read" }, expires_at = api.Time.GetUtcNow().AddHours(1).ToString("O") });
        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/v1/subscriptions", made.Member("token"))).Status);

        api.Time.Ahead += TimeSpan.FromMinutes(61);

        (await api.GetAsync("/v1/subscriptions", made.Member("token"))).IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task When_a_token_was_used_is_written_together_and_not_in_each_request()
    {
        var made = await api.PostAsync("/v1/tokens", new { tenant_id = "used", scopes = new[] { "subscriptions:read" } });
        Assert.Equal(JsonValueKind.Null, made.Json.GetProperty("last_used_at").ValueKind);

        var before = api.Time.GetUtcNow();
        for (var number = 0; number < 10; number++)
        {
            Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/v1/subscriptions", made.Member("token"))).Status);
        }

        var unwritten = await RowVersionAsync(made);
        await api.Services.GetRequiredService<TokenUsage>().FlushAsync(CancellationToken.None);
        var written = await RowVersionAsync(made);
        await api.Services.GetRequiredService<TokenUsage>().FlushAsync(CancellationToken.None);

        Assert.NotEqual(unwritten, written);
        Assert.Equal(written, await RowVersionAsync(made));
        var used = (await api.GetAsync("/v1/tokens?tenant_id=used")).Json.GetProperty("items")[0].GetProperty("last_used_at").GetDateTimeOffset();
        Assert.InRange(used, before.AddMilliseconds(-1), api.Time.GetUtcNow());
    }

    [Fact]
    public async Task An_instance_that_stops_writes_when_its_tokens_were_used()
    {
        await using var own = new ManagementApi();
        await own.InitializeAsync();
        var used = await own.PostAsync("/v1/tokens", new { tenant_id = "stopped", scopes = new[] { "subscriptions:read" } });
        Assert.Equal(HttpStatusCode.OK, (await own.GetAsync("/v1/subscriptions", used.Member("token"))).Status);
        var postgres = own.Postgres;

        await own.DisposeAsync();

        await using var database = NpgsqlDataSource.Create(postgres);
        Assert.True(await database.ScalarAsync<bool>("SELECT last_used_at IS NOT NULL FROM api_tokens WHERE tenant_id = 'stopped'"));
    }

    [Fact]
    public async Task An_older_use_does_not_overwrite_a_later_one_of_another_instance()
    {
        var made = await api.PostAsync("/v1/tokens", new { tenant_id = "fleet_use", scopes = new[] { "subscriptions:read" } });
        var store = api.Services.GetRequiredService<TokenStore>();
        var (id, now) = (Guid.Parse(made.Id["tok_".Length..]), DateTimeOffset.UnixEpoch.AddYears(60));

        await store.WriteUsesAsync([KeyValuePair.Create(id, now)], CancellationToken.None);
        await store.WriteUsesAsync([KeyValuePair.Create(id, now.AddMinutes(-1)), KeyValuePair.Create(Guid.CreateVersion7(), now)], CancellationToken.None);

        Assert.Equal("2030-01-01T00:00:00Z", (await api.GetAsync("/v1/tokens?tenant_id=fleet_use")).Json.GetProperty("items")[0].GetProperty("last_used_at").GetString());
    }

    [Theory]
    [InlineData("""{"scopes":["events:read"]}""", "/tenant_id required")]
    [InlineData("""{"tenant_id":"t"}""", "/scopes required")]
    [InlineData("""{"tenant_id":"t","scopes":[]}""", "/scopes required")]
    [InlineData("""{"tenant_id":"t","scopes":"admin"}""", "/scopes invalid_type")]
    [InlineData("""{"tenant_id":"t","scopes":["everything"]}""", "/scopes/0 invalid_value")]
    [InlineData("""{"tenant_id":"t","scopes":["admin"],"expires_at":"2001-01-01T00:00:00Z"}""", "/expires_at out_of_range")]
    [InlineData("""{"tenant_id":"t","scopes":["admin"],"expires_at":"tomorrow"}""", "/expires_at invalid_format")]
    [InlineData("""{"tenant_id":"t","scopes":["admin"],"token":"whk_mine"}""", "/token unknown_member")]
    public async Task A_faulty_token_is_not_made(string body, string error) =>
        (await api.PostAsync("/v1/tokens", body)).IsProblem(HttpStatusCode.BadRequest, "validation_failed", error);

    [Fact]
    public async Task An_administrator_makes_a_token_of_all_tenants_by_writing_null()
    {
        var token = (await api.PostAsync("/v1/tokens", """{"tenant_id":null,"scopes":["admin"]}""")).Member("token")!;

        Assert.Equal(HttpStatusCode.Created, (await api.PostAsync("/v1/subscriptions", new { tenant_id = "any", url = "https://receiver.example/", event_types = new[] { "a" } }, token)).Status);
    }

    [Fact]
    public async Task A_tenants_administrator_makes_tokens_of_its_tenant_only()
    {
        var admin = await api.TokenAsync("own", "admin");
        var foreign = await api.PostAsync("/v1/tokens", new { tenant_id = "foreign", scopes = new[] { "admin" } });

        var made = await api.PostAsync("/v1/tokens", """{"tenant_id":null,"scopes":["admin"]}""", admin);

        Assert.Equal("own", made.Member("tenant_id"));
        (await api.PostAsync("/v1/tokens", """{"tenant_id":"foreign","scopes":["admin"]}""", admin)).IsProblem(HttpStatusCode.Forbidden, "forbidden");
        (await api.DeleteAsync($"/v1/tokens/{foreign.Id}", admin)).IsProblem(HttpStatusCode.NotFound, "not_found");
        Assert.DoesNotContain(foreign.Id, (await api.GetAsync("/v1/tokens", admin)).Ids);
    }

    private Task<string> RowVersionAsync(Answer token) =>
        api.Database.ScalarAsync<string>("SELECT xmin::text FROM api_tokens WHERE id = $1", Guid.Parse(token.Id["tok_".Length..]));

    private async Task<HttpStatusCode> StatusAt(HttpClient instance, Answer token) =>
        (await api.SendAsync(HttpMethod.Get, "/v1/subscriptions", null, token.Member("token"), via: instance)).Status;
}
