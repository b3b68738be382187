using System.Net;

namespace Webhooks.Management.Tests.Secrets;

public sealed class SecretsApiTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    [Fact]
    public async Task A_rotation_makes_a_new_secret_and_shows_it_once()
    {
        var made = await api.SubscribeAsync("rotate");

        var rotated = await api.PostAsync($"/v1/subscriptions/{made.Id}/rotate-secret", """{"grace_period_seconds":3600,"secret":null}""");

        Assert.Equal(HttpStatusCode.OK, rotated.Status);
        Assert.StartsWith("whsec_", rotated.Member("secret"), StringComparison.Ordinal);
        Assert.NotEqual(made.Member("secret"), rotated.Member("secret"));
        Assert.Equal(made.Json.EnumerateObject().Select(member => member.Name), rotated.Json.EnumerateObject().Select(member => member.Name));
        var shown = (await api.GetAsync($"/v1/subscriptions/{made.Id}")).Member("secret");
        Assert.Equal($"{new string('*', 28)}{rotated.Member("secret")![^4..]}", shown);
    }

    [Fact]
    public async Task A_given_secret_is_taken_and_the_old_one_is_kept_for_the_grace_period()
    {
        var made = await api.SubscribeAsync("rotate");

        await api.PostAsync($"/v1/subscriptions/{made.Id}/rotate-secret", """{"secret":"a secret that I chose"}""");
        var rows = await SecretsOfAsync(made.Id);
        Assert.Equal(2, rows.Count);
        Assert.Null(rows[0]);
        Assert.InRange(rows[1]!.Value.ToUniversalTime() - DateTime.UnixEpoch - (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch), TimeSpan.FromSeconds(86_400 - 60), TimeSpan.FromSeconds(86_400));

        await api.PostAsync($"/v1/subscriptions/{made.Id}/rotate-secret", """{"grace_period_seconds":0}""");
        Assert.Equal([null], await SecretsOfAsync(made.Id));
    }

    [Fact]
    public async Task The_secret_is_shown_to_a_token_with_its_own_scope_only()
    {
        var made = await api.SubscribeAsync("reveal");
        var path = $"/v1/subscriptions/{made.Id}/secret";

        var shown = await api.GetAsync(path, await api.TokenAsync("reveal", "secrets:read"));
        Assert.Equal((HttpStatusCode.OK, $$"""{"secret":"{{made.Member("secret")}}"}"""), (shown.Status, shown.Text));
        Assert.True(shown.Headers.CacheControl!.NoStore);

        (await api.GetAsync(path, await api.TokenAsync("reveal", "subscriptions:read", "subscriptions:write"))).IsProblem(HttpStatusCode.Forbidden, "forbidden");
        (await api.GetAsync(path, await api.TokenAsync("other", "secrets:read"))).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await api.GetAsync("/v1/subscriptions/sub_nothing/secret")).IsProblem(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task A_rotation_without_a_body_is_a_usual_one()
    {
        var made = await api.SubscribeAsync("rotates");

        var rotated = await api.SendAsync(HttpMethod.Post, $"/v1/subscriptions/{made.Id}/rotate-secret", body: null, ManagementApi.AdminToken);

        Assert.Equal(HttpStatusCode.OK, rotated.Status);
        Assert.NotEqual(made.Member("secret"), rotated.Member("secret"));
        Assert.StartsWith("whsec_", rotated.Member("secret"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"secret":"short"}""", "/secret invalid_format")]
    [InlineData("""{"secret":1}""", "/secret invalid_type")]
    [InlineData("""{"grace_period_seconds":-1}""", "/grace_period_seconds out_of_range")]
    [InlineData("""{"grace_period_seconds":2592001}""", "/grace_period_seconds out_of_range")]
    [InlineData("""{"grace_period_seconds":1.5}""", "/grace_period_seconds invalid_type")]
    [InlineData("""{"grace":1}""", "/grace unknown_member")]
    public async Task A_faulty_rotation_changes_nothing(string body, string error)
    {
        var made = await api.SubscribeAsync("rotate");

        (await api.PostAsync($"/v1/subscriptions/{made.Id}/rotate-secret", body)).IsProblem(HttpStatusCode.BadRequest, "validation_failed", error);

        Assert.Equal([null], await SecretsOfAsync(made.Id));
    }

    [Fact]
    public async Task The_present_secret_is_not_another_one()
    {
        var made = await api.SubscribeAsync("rotate");

        (await api.PostAsync($"/v1/subscriptions/{made.Id}/rotate-secret", new { secret = made.Member("secret") }))
            .IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/secret invalid_value");
    }

    [Fact]
    public async Task A_rotation_of_another_ones_subscription_finds_none_and_a_stale_one_is_refused()
    {
        var made = await api.SubscribeAsync("rotate");
        var path = $"/v1/subscriptions/{made.Id}/rotate-secret";

        (await api.PostAsync(path, "{}", await api.TokenAsync("other", "subscriptions:write"))).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await api.SendAsync(HttpMethod.Post, path, "{}", ManagementApi.AdminToken, ifMatch: "\"0-0\"")).IsProblem(HttpStatusCode.PreconditionFailed, "precondition_failed");
    }

    private async Task<List<DateTime?>> SecretsOfAsync(string id)
    {
        await using var command = api.Database.CreateCommand("SELECT valid_until FROM subscription_secrets WHERE subscription_id = $1 ORDER BY number DESC");
        command.Parameters.AddWithValue(Guid.Parse(id["sub_".Length..]));
        await using var row = await command.ExecuteReaderAsync();
        var found = new List<DateTime?>();
        while (await row.ReadAsync())
        {
            found.Add(row.IsDBNull(0) ? null : row.GetDateTime(0));
        }

        return found;
    }
}
