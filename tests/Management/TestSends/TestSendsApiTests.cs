using System.Net;
using System.Text.Json;
using ReceiverAnswer = Webhooks.TestKit.Answer;
using Webhooks.Local.Provisioning;
using Webhooks.Signatures;
using Webhooks.Subscriptions.Profiles;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests.TestSends;

/// <summary>Test sends to subscriptions, on real receivers.</summary>
public sealed class TestSendsApiTests(SendingApi sending) : IClassFixture<SendingApi>
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw1zx7Qm2e4Rk=";

    public static TheoryData<string> Profiles => [.. BuiltInProfiles.All.Select(profile => profile.Name)];

    [Theory]
    [MemberData(nameof(Profiles))]
    public async Task What_is_shown_is_what_was_sent_and_what_came_back(string profile)
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new ReceiverAnswer(201) { Body = "thanks" }.With("X-Mood", "good"));
        var subscription = await sending.SubscribeAsync("shown", receiver.Url + "/hook?a=1", ("profile", profile));

        var sent = await sending.TestAsync(subscription);

        var received = Assert.Single(receiver.Requests);
        Assert.Equal(("POST", "/hook?a=1"), (received.Method, received.Path));
        var request = sent.GetProperty("request");
        Assert.Equal(receiver.Url + "/hook?a=1", request.GetProperty("url").GetString());
        Assert.Equal(received.Text, request.GetProperty("body").GetString());
        Assert.Equal("webhook.test", JsonElement.Parse(received.Text).GetProperty("type").GetString());
        Assert.All(request.GetProperty("headers").EnumerateObject(), header => Assert.Equal(received.Header(header.Name), header.Value.GetString()));
        Assert.Contains("User-Agent", request.GetProperty("headers").EnumerateObject().Select(header => header.Name));
        Assert.True(Profile.TryFind(profile, out var dialect));
        Assert.Equal(
            SignatureVerification.Valid,
            new SignatureVerifier(dialect.Signature, subscription.Member("secret")!) { Tolerance = dialect.Signature.TimestampHeader is null ? null : TimeSpan.FromMinutes(1) }.Verify(received.Headers, received.Body, received.ReceivedAt));

        var response = sent.GetProperty("response");
        Assert.Equal((201, "thanks"), (response.GetProperty("status_code").GetInt32(), response.GetProperty("body").GetString()));
        Assert.Equal("good", response.GetProperty("headers").GetProperty("X-Mood").GetString());
        Assert.Equal(("succeeded", JsonValueKind.Null), (sent.GetProperty("outcome").GetString(), sent.GetProperty("error").ValueKind));
        Assert.InRange(sent.GetProperty("duration_ms").GetInt32(), 0, 30_000);
    }

    [Theory]
    [InlineData(500, "server_error")]
    [InlineData(429, "throttled")]
    [InlineData(404, "rejected")]
    [InlineData(302, "redirected")]
    [InlineData(410, "gone")]
    public async Task What_the_receiver_does_not_like_is_shown_and_changes_nothing(int status, string outcome)
    {
        await using var elsewhere = await TestReceiver.StartAsync();
        await using var receiver = await TestReceiver.StartAsync(_ => new ReceiverAnswer(status) { Body = "no" }.With("Location", elsewhere.Url));
        var subscription = await sending.SubscribeAsync("refusing", receiver.Url);

        var sent = await sending.TestAsync(subscription);

        Assert.Equal(outcome, sent.GetProperty("outcome").GetString());
        Assert.Equal($"The receiver answered {status}.", sent.GetProperty("error").GetString());
        Assert.Equal((status, "no"), (sent.GetProperty("response").GetProperty("status_code").GetInt32(), sent.GetProperty("response").GetProperty("body").GetString()));
        Assert.Single(receiver.Requests);
        Assert.Empty(elsewhere.Requests);
        var after = await sending.Api.GetAsync($"/v1/subscriptions/{subscription.Id}");
        Assert.Equal((subscription.ETag, "active"), (after.ETag, after.Member("state")));
    }

    [Fact]
    public async Task A_receiver_that_is_not_there_has_no_answer()
    {
        var nobody = $"http://127.0.0.1:{FreePorts.Next()}/";

        AssertUnanswered("connection_failed", await sending.TestAsync(await sending.SubscribeAsync("away", nobody)));
    }

    [Fact]
    public async Task A_receiver_that_is_silent_is_given_up_after_the_subscriptions_timeout()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => ReceiverAnswer.Never);
        var subscription = await sending.SubscribeAsync("silent", receiver.Url, ("timeout_seconds", 0.2));

        var sent = await sending.TestAsync(subscription);

        AssertUnanswered("timed_out", sent);
        Assert.InRange(sent.GetProperty("duration_ms").GetInt32(), 150, 30_000);
        Assert.NotNull(sent.GetProperty("request").GetProperty("body").GetString());
    }

    [Fact]
    public async Task A_slow_receiver_may_take_longer_than_any_other_request_to_the_api()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => ReceiverAnswer.Ok with { Delay = TimeSpan.FromSeconds(3.5) });

        var sent = await sending.TestAsync(await sending.SubscribeAsync("slow", receiver.Url, ("timeout_seconds", 30)));

        Assert.Equal("succeeded", sent.GetProperty("outcome").GetString());
        Assert.InRange(sent.GetProperty("duration_ms").GetInt32(), 3_400, 30_000);
    }

    [Fact]
    public async Task An_address_that_no_delivery_may_go_to_is_refused_to_a_test_too()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var subscription = await sending.SubscribeAsync("inside", receiver.Url);
        using var stricter = await sending.StartHostAsync(("Webhooks:AllowedAddresses", ""));

        var answer = await sending.Api.SendAsync(HttpMethod.Post, $"/v1/subscriptions/{subscription.Id}/test", null, ManagementApi.AdminToken, via: stricter);

        AssertUnanswered("address_refused", answer.Json);
        Assert.Empty(receiver.Requests);
    }

    [Fact]
    public async Task Certificates_are_checked()
    {
        await using var good = await TestReceiver.StartAsync(certificate: sending.Authority.Valid());
        await using var bad = await TestReceiver.StartAsync(certificate: sending.Authority.Expired());

        Assert.Equal("succeeded", (await sending.TestAsync(await sending.SubscribeAsync("tls", good.Url))).GetProperty("outcome").GetString());
        AssertUnanswered("certificate_invalid", await sending.TestAsync(await sending.SubscribeAsync("tls", bad.Url)));
        Assert.Empty(bad.Requests);
    }

    [Theory]
    [InlineData("active")]
    [InlineData("disabled")]
    public async Task A_test_works_in_every_state_and_leaves_it(string state)
    {
        await using var receiver = await TestReceiver.StartAsync();
        var subscription = await sending.SubscribeAsync("states", receiver.Url, ("state", state));

        Assert.Equal("succeeded", (await sending.TestAsync(subscription)).GetProperty("outcome").GetString());

        Assert.Single(receiver.Requests);
        Assert.Equal(state, (await sending.Api.GetAsync($"/v1/subscriptions/{subscription.Id}")).Member("state"));
    }

    [Fact]
    public async Task A_test_is_no_delivery()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var subscription = await sending.SubscribeAsync("unrecorded", receiver.Url);

        await sending.TestAsync(subscription);

        Assert.Empty((await sending.Api.GetAsync($"/v1/deliveries?subscription_id={subscription.Id}")).Ids);
        await using var rows = sending.Api.Database.CreateCommand("SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM deliveries) + (SELECT count(*) FROM attempts) + (SELECT count(*) FROM event_keys)");
        Assert.Equal(0L, await rows.ExecuteScalarAsync());
    }

    [Fact]
    public async Task A_named_type_sends_its_example_as_an_event_of_now()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var subscription = await sending.SubscribeAsync("typed", receiver.Url, ("filter", new Dictionary<string, object> { ["/data/severity"] = new { eq = "NEVER" } }));

        await sending.TestAsync(subscription, new { event_type = "exception.created" });
        await sending.TestAsync(subscription, new { event_type = "exception.created" });

        var events = receiver.Requests.Select(request => JsonElement.Parse(request.Text)).ToList();
        Assert.All(events, sent => Assert.Equal(
            ("exception.created", "typed", "15000.0"),
            (sent.GetProperty("type").GetString(), sent.GetProperty("tenant_id").GetString(), sent.GetProperty("data").GetProperty("transaction").GetProperty("amount").GetRawText())));
        Assert.Equal(2, events.Select(sent => sent.GetProperty("id").GetString()).Distinct().Count());
        Assert.All(events, sent => Assert.InRange(sent.GetProperty("timestamp").GetDateTimeOffset(), sending.Api.Time.GetUtcNow().AddMinutes(-1), sending.Api.Time.GetUtcNow()));
    }

    [Fact]
    public async Task The_transform_is_applied_and_one_that_does_not_fit_is_told()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var fitting = await sending.SubscribeAsync("shaped", receiver.Url, ("transform", new { template = new { text = "{/data/message}" } }));
        var unfit = await sending.SubscribeAsync("shaped", receiver.Url, ("transform", new { template = new { text = "{/data/nowhere}" } }));

        await sending.TestAsync(fitting);
        var failed = await sending.TestAsync(unfit);

        Assert.Equal("""{"text":"This is a test of your webhook. Nothing has happened."}""", Assert.Single(receiver.Requests).Text);
        AssertUnanswered("render_failed", failed);
        Assert.Contains("/data/nowhere", failed.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, failed.GetProperty("request").GetProperty("body").ValueKind);
    }

    [Fact]
    public async Task Headers_and_signature_of_the_subscriptions_own_are_sent_and_credentials_are_not_shown()
    {
        const string Credential = "Bearer whatever-opens-the-door";
        await using var receiver = await TestReceiver.StartAsync();
        var subscription = await sending.SubscribeAsync(
            "own", receiver.Url, ("headers", new Dictionary<string, string> { ["Authorization"] = Credential, ["X-Environment"] = "test" }), ("signature", new { header = "X-Own-Signature" }));

        var sent = await sending.TestAsync(subscription);

        var received = Assert.Single(receiver.Requests);
        Assert.Equal((Credential, "test"), (received.Header("Authorization"), received.Header("X-Environment")));
        var shown = sent.GetProperty("request").GetProperty("headers");
        Assert.Equal(("test", received.Header("X-Own-Signature")), (shown.GetProperty("X-Environment").GetString(), shown.GetProperty("X-Own-Signature").GetString()));
        Assert.DoesNotContain(Credential, sent.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_faulty_request_is_refused_and_nothing_is_sent()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var path = $"/v1/subscriptions/{(await sending.SubscribeAsync("faulty", receiver.Url)).Id}/test";

        (await sending.PostAsync(path, new { event_type = "no.such.type" })).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/event_type invalid_value");
        (await sending.PostAsync(path, new { event_type = 5, url = "https://x.example/" }))
            .IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/event_type invalid_type", "/url unknown_member");
        (await sending.PostAsync(path, "{")).IsProblem(HttpStatusCode.BadRequest, "malformed_json");
        (await sending.PostAsync(path, "[]")).IsProblem(HttpStatusCode.BadRequest, "malformed_json");
        Assert.Empty(receiver.Requests);
    }

    [Fact]
    public async Task What_is_anothers_or_deleted_is_not_found()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var subscription = await sending.SubscribeAsync("owner", receiver.Url);
        var (own, foreign) = (await sending.TokenAsync("owner"), await sending.TokenAsync("foreigner"));
        var path = $"/v1/subscriptions/{subscription.Id}/test";

        (await sending.PostAsync(path, token: foreign)).IsProblem(HttpStatusCode.NotFound, "not_found");
        Assert.Equal(HttpStatusCode.OK, (await sending.PostAsync(path, token: own)).Status);
        await sending.Api.DeleteAsync($"/v1/subscriptions/{subscription.Id}");
        (await sending.PostAsync(path)).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await sending.PostAsync("/v1/subscriptions/sub_x/test")).IsProblem(HttpStatusCode.NotFound, "not_found");
        Assert.Single(receiver.Requests);
    }

    [Fact]
    public async Task The_secret_is_in_no_answer_and_in_no_log()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var subscription = await sending.SubscribeAsync("discreet", receiver.Url, ("secret", Secret));

        var sent = await sending.TestAsync(subscription);

        Assert.DoesNotContain(Secret, sent.GetRawText(), StringComparison.Ordinal);
        Assert.Contains(sending.Api.Log.Lines, line => line.Contains($"{subscription.Id} tested with", StringComparison.Ordinal));
        Assert.DoesNotContain(sending.Api.Log.Lines, line => line.Contains(Secret, StringComparison.Ordinal));
    }

    private static void AssertUnanswered(string outcome, JsonElement sent)
    {
        Assert.Equal(outcome, sent.GetProperty("outcome").GetString());
        Assert.NotEmpty(sent.GetProperty("error").GetString()!);
        Assert.All(["status_code", "headers", "body"], name => Assert.Equal(JsonValueKind.Null, sent.GetProperty("response").GetProperty(name).ValueKind));
    }
}
