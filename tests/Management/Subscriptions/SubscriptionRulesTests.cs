using System.Net;

namespace Webhooks.Management.Tests.Subscriptions;

public sealed class SubscriptionRulesTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    [Theory]
    [InlineData("\"url\":null", "/url required")]
    [InlineData("\"url\":5", "/url invalid_type")]
    [InlineData("\"url\":\"\"", "/url invalid_format")]
    [InlineData("\"url\":\"/relative\"", "/url invalid_format")]
    [InlineData("\"url\":\"http://receiver.example/\"", "/url invalid_format")]
    [InlineData("\"url\":\"ftp://receiver.example/\"", "/url invalid_format")]
    [InlineData("\"url\":\"https://user:word@receiver.example/\"", "/url invalid_format")]
    [InlineData("\"url\":\"https://receiver.example/#part\"", "/url invalid_format")]
    [InlineData("\"event_types\":[]", "/event_types out_of_range")]
    [InlineData("\"event_types\":null", "/event_types required")]
    [InlineData("\"event_types\":\"a\"", "/event_types invalid_type")]
    [InlineData("\"event_types\":{\"a\":1}", "/event_types invalid_type")]
    [InlineData("\"event_types\":[\"a\",1,\"B\",\"a..b\",\"*.a\",\"\"]", "/event_types/1 invalid_type", "/event_types/2 invalid_format", "/event_types/3 invalid_format", "/event_types/4 invalid_format", "/event_types/5 invalid_format")]
    [InlineData("\"event_types\":[\"a\",\"b.*\",\"a\",\"*\",\"b.*\"]", "/event_types/2 invalid_value", "/event_types/4 invalid_value")]
    [InlineData("\"profile\":\"Matcher\"", "/profile invalid_value")]
    [InlineData("\"description\":[]", "/description invalid_type")]
    [InlineData("\"description\":\"\\u0000\"", "/description invalid_value")]
    [InlineData("\"description\":\"\\ud800\"", "/description invalid_value")]
    [InlineData("\"secret\":\"fifteen letters\"", "/secret invalid_format")]
    [InlineData("\"secret\":\"sechzehn Zeichen ü\"", "/secret invalid_format")]
    [InlineData("\"secret\":\"****************************abcd\"", "/secret invalid_value")]
    [InlineData("\"profile\":\"standard\",\"secret\":\"no base64 at all, but long\"", "/secret invalid_value")]
    [InlineData("\"profile\":\"standard\",\"secret\":\"whsec_c2l4dGVlbiBieXRlcyEh\"", "/secret invalid_value")]
    [InlineData("\"retry\":5", "/retry invalid_type")]
    [InlineData("\"retry\":{\"max_attempts\":0}", "/retry/max_attempts out_of_range")]
    [InlineData("\"retry\":{\"max_attempts\":21}", "/retry/max_attempts out_of_range")]
    [InlineData("\"retry\":{\"max_attempts\":2.5}", "/retry/max_attempts invalid_type")]
    [InlineData("\"retry\":{\"max_attempts\":\"3\"}", "/retry/max_attempts invalid_type")]
    [InlineData("\"retry\":{\"initial_delay_seconds\":0.09}", "/retry/initial_delay_seconds out_of_range")]
    [InlineData("\"retry\":{\"initial_delay_seconds\":86401}", "/retry/initial_delay_seconds out_of_range")]
    [InlineData("\"retry\":{\"max_delay_seconds\":1e999}", "/retry/max_delay_seconds out_of_range")]
    [InlineData("\"retry\":{\"backoff_multiplier\":0.5}", "/retry/backoff_multiplier out_of_range")]
    [InlineData("\"retry\":{\"jitter\":1.1}", "/retry/jitter out_of_range")]
    [InlineData("\"retry\":{\"attempts\":3}", "/retry/attempts unknown_member")]
    [InlineData("\"retry_on\":\"always\"", "/retry_on invalid_value")]
    [InlineData("\"timeout_seconds\":0", "/timeout_seconds out_of_range")]
    [InlineData("\"timeout_seconds\":30.1", "/timeout_seconds out_of_range")]
    [InlineData("\"state\":\"broken\"", "/state invalid_value")]
    [InlineData("\"state\":\"Paused\"", "/state invalid_value")]
    [InlineData("\"rate_limit\":5", "/rate_limit invalid_type")]
    [InlineData("\"rate_limit\":{}", "/rate_limit/per_second required")]
    [InlineData("\"rate_limit\":{\"per_second\":null}", "/rate_limit/per_second required")]
    [InlineData("\"rate_limit\":{\"per_second\":\"5\"}", "/rate_limit/per_second invalid_type")]
    [InlineData("\"rate_limit\":{\"per_second\":0.009}", "/rate_limit/per_second out_of_range")]
    [InlineData("\"rate_limit\":{\"per_second\":10000.1}", "/rate_limit/per_second out_of_range")]
    [InlineData("\"rate_limit\":{\"per_second\":1,\"burst\":5}", "/rate_limit/burst unknown_member")]
    [InlineData("\"max_in_flight\":0", "/max_in_flight out_of_range")]
    [InlineData("\"max_in_flight\":1001", "/max_in_flight out_of_range")]
    [InlineData("\"max_in_flight\":1.5", "/max_in_flight invalid_type")]
    [InlineData("\"max_in_flight\":\"1\"", "/max_in_flight invalid_type")]
    [InlineData("\"ordering\":\"strict\"", "/ordering invalid_value")]
    [InlineData("\"ordering\":true", "/ordering invalid_type")]
    [InlineData("\"ordering\":\"by_key\"", "/ordering_key required")]
    [InlineData("\"ordering\":\"by_key\",\"ordering_key\":null", "/ordering_key required")]
    [InlineData("\"ordering_key\":\"/data/id\"", "/ordering_key invalid_value")]
    [InlineData("\"ordering\":null,\"ordering_key\":\"/data/id\"", "/ordering_key invalid_value")]
    [InlineData("\"ordering\":\"by_key\",\"ordering_key\":\"\"", "/ordering_key invalid_format")]
    [InlineData("\"ordering\":\"by_key\",\"ordering_key\":\"data/id\"", "/ordering_key invalid_format")]
    [InlineData("\"ordering\":\"by_key\",\"ordering_key\":\"/data/~2\"", "/ordering_key invalid_format")]
    [InlineData("\"ordering\":\"by_key\",\"ordering_key\":5", "/ordering_key invalid_type")]
    [InlineData("\"ordering\":\"strict\",\"ordering_key\":\"data\"", "/ordering invalid_value", "/ordering_key invalid_format")]
    [InlineData("\"filter\":[]", "/filter invalid_value")]
    [InlineData("\"filter\":{\"/data/a\":{\"equals\":1,\"gt\":true}}", "/filter/~1data~1a/equals invalid_value", "/filter/~1data~1a/gt invalid_value")]
    [InlineData("\"transform\":\"x\"", "/transform invalid_value")]
    [InlineData("\"transform\":{\"template\":{\"a\":\"{/data\"}}", "/transform/template/a invalid_value")]
    [InlineData("\"event_types\":[\"exception.*\"],\"transform\":{\"template\":\"{/data/nowhere}\"}", "/transform invalid_value")]
    [InlineData("\"id\":\"sub_x\"", "/id read_only")]
    [InlineData("\"created_at\":null", "/created_at read_only")]
    [InlineData("\"a/b~c\":1", "/a~1b~0c unknown_member")]
    [InlineData("\"tenant_id\":\"with space\"", "/tenant_id invalid_format")]
    public async Task A_member_that_breaks_its_rule_is_named(string member, params string[] errors)
    {
        var rest = new Dictionary<string, string>
        {
            ["tenant_id"] = "\"rules\"",
            ["url"] = "\"https://receiver.example/\"",
            ["event_types"] = "[\"a\"]",
        }.Where(other => !member.Contains($"\"{other.Key}\":", StringComparison.Ordinal)).Select(other => $"\"{other.Key}\":{other.Value}");

        var refused = await api.PostAsync("/v1/subscriptions", $"{{{string.Join(',', rest.Append(member))}}}");

        refused.IsProblem(HttpStatusCode.BadRequest, "validation_failed", errors);
    }

    [Fact]
    public async Task All_faults_are_named_at_once() =>
        (await api.PostAsync("/v1/subscriptions", """{"url":"nowhere","event_types":["A"],"timeout_seconds":99,"bogus":1,"rate_limit":{"per_second":0},"max_in_flight":0,"ordering":"by_key","state":"asleep"}""")).IsProblem(
            HttpStatusCode.BadRequest,
            "validation_failed",
            "/tenant_id required", "/url invalid_format", "/event_types/0 invalid_format", "/timeout_seconds out_of_range", "/rate_limit/per_second out_of_range", "/max_in_flight out_of_range", "/ordering_key required", "/state invalid_value", "/bogus unknown_member");

    [Theory]
    [InlineData("whsec_c2l4dGVlbiBieXRlcyBhbmQgZWlnaHQgbW9yZQ==")]
    [InlineData("c2l4dGVlbiBieXRlcyBhbmQgZWlnaHQgbW9yZQ==")]
    public async Task The_standard_profile_takes_a_base64_secret(string secret)
    {
        var made = await api.PostAsync("/v1/subscriptions", new { tenant_id = "standard", url = "https://receiver.example/", event_types = new[] { "a" }, profile = "standard", secret });

        Assert.Equal((HttpStatusCode.Created, secret), (made.Status, made.Member("secret")));
    }

    [Fact]
    public async Task A_profile_that_the_present_secret_does_not_serve_is_refused()
    {
        var made = await api.PostAsync("/v1/subscriptions", new { tenant_id = "standard", url = "https://receiver.example/", event_types = new[] { "a" }, secret = "plain text, no base64" });

        (await api.PatchAsync($"/v1/subscriptions/{made.Id}", new { profile = "standard" })).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/profile invalid_value");
        Assert.Equal(HttpStatusCode.OK, (await api.PatchAsync($"/v1/subscriptions/{made.Id}", """{"profile":"standard","secret":null}""")).Status);
    }

    [Fact]
    public async Task Bounds_are_inclusive()
    {
        var made = await api.PostAsync("/v1/subscriptions", """
            {"tenant_id":"bounds","url":"https://receiver.example/","event_types":["a"],"timeout_seconds":0.1,"secret":"sixteen letters!",
             "retry":{"max_attempts":1,"initial_delay_seconds":0.1,"max_delay_seconds":0.1,"backoff_multiplier":1,"jitter":0}}
            """);
        Assert.Equal(HttpStatusCode.Created, made.Status);

        var most = await api.PatchAsync($"/v1/subscriptions/{made.Id}", new
        {
            timeout_seconds = 30,
            secret = new string('x', 128),
            url = "https://receiver.example/".PadRight(2048, 'x'),
            event_types = Enumerable.Range(0, 100).Select(number => $"a{number}"),
            retry = new { max_attempts = 20, initial_delay_seconds = 86400, max_delay_seconds = 604800, backoff_multiplier = 10, jitter = 1 },
        });
        Assert.Equal(HttpStatusCode.OK, most.Status);

        (await api.PatchAsync($"/v1/subscriptions/{made.Id}", new
        {
            secret = new string('x', 129),
            url = "https://receiver.example/".PadRight(2049, 'x'),
            event_types = Enumerable.Range(0, 101).Select(number => $"a{number}"),
        })).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/url invalid_format", "/event_types out_of_range", "/secret invalid_format");
    }

    [Fact]
    public async Task The_log_says_with_which_token_it_was_created()
    {
        var token = await api.TokenAsync("logged");
        var id = (await api.GetAsync("/v1/tokens?tenant_id=logged")).Ids[0];

        var first = (await api.SubscribeAsync("logged")).Id;
        var second = (await api.PostAsync("/v1/subscriptions", new { url = "https://receiver.example/", event_types = new[] { "a" } }, token)).Id;

        Assert.Contains(api.Log.Lines, line => line.Contains($"Subscription {first} of logged created with the configured admin token", StringComparison.Ordinal));
        Assert.Contains(api.Log.Lines, line => line.Contains($"Subscription {second} of logged created with token {id}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_subscription_stays_with_its_tenant()
    {
        var made = await api.SubscribeAsync("home");

        Assert.Equal(HttpStatusCode.OK, (await api.PatchAsync($"/v1/subscriptions/{made.Id}", new { tenant_id = "home" })).Status);
        (await api.PatchAsync($"/v1/subscriptions/{made.Id}", new { tenant_id = "away" })).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/tenant_id read_only");
    }
}
