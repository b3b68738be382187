using System.Net;
using System.Text.Json;
using Webhooks.Signatures;
using Webhooks.Subscriptions.Profiles;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests.TestSends;

/// <summary>Test sends to URLs that are no subscription's.</summary>
public sealed class UrlTestTests(SendingApi sending) : IClassFixture<SendingApi>
{
    [Fact]
    public async Task A_secret_that_is_made_is_shown_once_and_verifies()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var token = await sending.TokenAsync("trying");

        var answer = await sending.PostAsync("/v1/test", new { url = receiver.Url, profile = "standard", event_type = "match.confirmed" }, token);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.True(answer.Headers.CacheControl!.NoStore);
        var received = Assert.Single(receiver.Requests);
        Assert.Equal("match.confirmed", JsonElement.Parse(received.Text).GetProperty("type").GetString());
        var verifier = new SignatureVerifier(BuiltInProfiles.Standard.Signature, answer.Member("secret")!) { Tolerance = TimeSpan.FromMinutes(1) };
        Assert.Equal(SignatureVerification.Valid, verifier.Verify(received.Headers, received.Body, received.ReceivedAt));
        Assert.DoesNotContain(sending.Api.Log.Lines, line => line.Contains(answer.Member("secret")!, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_secret_that_is_given_signs_and_is_not_shown()
    {
        const string Secret = "given-secret-7c6b5a4f3e2d";
        await using var receiver = await TestReceiver.StartAsync();

        var answer = await sending.PostAsync("/v1/test", new { url = receiver.Url, secret = Secret, tenant_id = "named" });

        var received = Assert.Single(receiver.Requests);
        Assert.Equal("named", JsonElement.Parse(received.Text).GetProperty("tenant_id").GetString());
        Assert.Equal(
            SignatureVerification.Valid,
            new SignatureVerifier(BuiltInProfiles.Matcher.Signature, Secret) { Tolerance = TimeSpan.FromMinutes(1) }.Verify(received.Headers, received.Body, received.ReceivedAt));
        Assert.Equal(JsonValueKind.Null, answer.Json.GetProperty("secret").ValueKind);
        Assert.DoesNotContain(Secret, answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_administrator_need_not_name_a_tenant()
    {
        await using var receiver = await TestReceiver.StartAsync();

        Assert.Equal(HttpStatusCode.OK, (await sending.PostAsync("/v1/test", new { url = receiver.Url })).Status);

        Assert.Equal("test", JsonElement.Parse(Assert.Single(receiver.Requests).Text).GetProperty("tenant_id").GetString());
    }

    [Fact]
    public async Task No_subscription_comes_of_it()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var token = await sending.TokenAsync("passing");

        await sending.PostAsync("/v1/test", new { url = receiver.Url }, token);

        Assert.Empty((await sending.Api.GetAsync("/v1/subscriptions?tenant_id=passing")).Ids);
    }

    [Fact]
    public async Task All_faults_are_named_at_once()
    {
        (await sending.PostAsync("/v1/test", new { url = "https://user@x.example/", profile = "none", secret = "short", event_type = "none", tenant_id = "a b", more = 1 })).IsProblem(
            HttpStatusCode.BadRequest,
            "validation_failed",
            "/tenant_id invalid_format", "/event_type invalid_value", "/url invalid_format", "/profile invalid_value", "/secret invalid_format", "/more unknown_member");
        (await sending.PostAsync("/v1/test")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/url required");
        (await sending.PostAsync("/v1/test", new { url = "https://x.example/", profile = "standard", secret = "not base64 but long" }))
            .IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/secret invalid_value");
    }

    [Theory]
    [InlineData("http://10.0.0.7/")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    public async Task A_url_inside_is_refused_by_the_guard_of_every_send(string url) =>
        Assert.Equal("address_refused", (await sending.PostAsync("/v1/test", new { url })).Member("outcome"));

    [Fact]
    public async Task Another_tenant_than_the_tokens_is_refused() => (await sending.PostAsync(
        "/v1/test", new { url = "https://x.example/", tenant_id = "other" }, await sending.TokenAsync("one"))).IsProblem(HttpStatusCode.Forbidden, "forbidden");
}
