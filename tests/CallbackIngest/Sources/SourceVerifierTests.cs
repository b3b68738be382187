using System.Text;
using Webhooks.Sources;
using Webhooks.Sources.Presets;
using Webhooks.Sources.Verification;
using Webhooks.Subscriptions.Secrets;

namespace Webhooks.CallbackIngest.Tests.Sources;

public sealed class SourceVerifierTests
{
    private static readonly DateTimeOffset Now = SignedWebhooks.SignedAt;

    /// <summary>Kind, secret, when, body, headers as "name: value".</summary>
    public static TheoryData<string, string, long, string, string[]> Vectors => new()
    {
        { "jira", SignedWebhooks.DocumentedSecret, 0, "Hello World!", ["X-Hub-Signature: sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"] },
        { "jira", SignedWebhooks.DocumentedSecret, 0, SignedWebhooks.Jira, [$"x-hub-signature: {SignedWebhooks.JiraSignature}"] },
        { "github", SignedWebhooks.DocumentedSecret, 0, "Hello, World!", ["X-Hub-Signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"] },
        {
            "standard_webhooks", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 1_614_265_330, """{"test": 2432232314}""",
            ["webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp: 1614265330", "webhook-signature: v1,AAAA v2,x v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="]
        },
        {
            "standard_webhooks", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", 1_649_367_553, """{"email":"test@example.com","username":"test_user"}""",
            ["webhook-id: msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", "webhook-timestamp: 1649367553", "webhook-signature: v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="]
        },
        { "stripe", SignedWebhooks.StripeSecret, 1_705_758_600, SignedWebhooks.Stripe, [$"Stripe-Signature: t=1705758600,v1={SignedWebhooks.StripeDigest},v0=00"] },
        { "stripe", SignedWebhooks.StripeSecret, 1_705_758_600, SignedWebhooks.Stripe, [$"Stripe-Signature: v1={new string('0', 64)}, v1={SignedWebhooks.StripeDigest}, t=1705758600"] },
        { "slack", SignedWebhooks.SlackSecret, 1_531_420_618, SignedWebhooks.SlackDocumented, ["X-Slack-Request-Timestamp: 1531420618", $"X-Slack-Signature: {SignedWebhooks.SlackDocumentedSignature}"] },
        { "servicenow", SignedWebhooks.ServiceNowSecret, 0, SignedWebhooks.ServiceNow, [$"X-Hmac-Signature: {SignedWebhooks.ServiceNowSignature}"] },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void A_documented_webhook_is_its_sources_and_nothing_else_is(string kind, string secret, long at, string body, string[] headers)
    {
        var (verifier, bytes, now) = (Of(kind, secret), Encoding.UTF8.GetBytes(body), DateTimeOffset.FromUnixTimeSeconds(at));
        var given = Headers(headers);

        Assert.Null(verifier.FaultOf(given.GetValueOrDefault, bytes, now));

        Assert.Equal("signature_mismatch", verifier.FaultOf(given.GetValueOrDefault, [.. bytes, (byte)' '], now));
        Assert.Equal("signature_mismatch", verifier.FaultOf(given.GetValueOrDefault, bytes.AsSpan(1), now));
        Assert.Equal("signature_mismatch", Of(kind, kind == "standard_webhooks" ? "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" : secret + "x").FaultOf(given.GetValueOrDefault, bytes, now));
        Assert.Equal("missing_header", verifier.FaultOf(_ => null, bytes, now));
        foreach (var name in given.Keys)
        {
            var without = given.Where(header => header.Key != name).ToDictionary(StringComparer.OrdinalIgnoreCase);
            Assert.Equal("missing_header", verifier.FaultOf(without.GetValueOrDefault, bytes, now));
            var odd = new Dictionary<string, string>(given, StringComparer.OrdinalIgnoreCase) { [name] = "t=1,é\u0001," };
            Assert.NotNull(verifier.FaultOf(odd.GetValueOrDefault, bytes, now));
        }
    }

    [Theory]
    [InlineData("stripe", 300, null)]
    [InlineData("stripe", 301, "timestamp_outside_tolerance")]
    [InlineData("stripe", -301, "timestamp_outside_tolerance")]
    [InlineData("slack", 300, null)]
    [InlineData("slack", 301, "timestamp_outside_tolerance")]
    public void A_signed_timestamp_may_be_as_far_away_as_the_tolerance(string kind, int seconds, string? expected)
    {
        var (body, headers) = kind == "stripe"
            ? (SignedWebhooks.Stripe, Headers($"Stripe-Signature: t=1705758600,v1={SignedWebhooks.StripeDigest}"))
            : (SignedWebhooks.Slack, Headers("X-Slack-Request-Timestamp: 1705758600", $"X-Slack-Signature: {SignedWebhooks.SlackSignature}"));
        var secret = kind == "stripe" ? SignedWebhooks.StripeSecret : SignedWebhooks.SlackSecret;

        Assert.Equal(expected, Of(kind, secret).FaultOf(headers.GetValueOrDefault, SignedWebhooks.Bytes(body), Now.AddSeconds(seconds)));

        var patient = new SourceVerifier(SettingsOf(kind) with { ToleranceSeconds = 3600 }, [new(secret)]);
        Assert.Null(patient.FaultOf(headers.GetValueOrDefault, SignedWebhooks.Bytes(body), Now.AddSeconds(3600)));
        var careless = new SourceVerifier(SettingsOf(kind) with { ToleranceSeconds = null }, [new(secret)]);
        Assert.Null(careless.FaultOf(headers.GetValueOrDefault, SignedWebhooks.Bytes(body), Now.AddYears(1)));
    }

    [Theory]
    [InlineData("t=1705758601,v1={0}", "signature_mismatch")]
    [InlineData("t=1705758600,t=1705758601,v1={0}", "missing_header")]
    [InlineData("v1={0}", "missing_header")]
    [InlineData("t=1705758600", "malformed_signature")]
    [InlineData("t=1705758600,v0={0}", "malformed_signature")]
    [InlineData("t=1705758600;v1={0}", "malformed_signature")]
    public void A_timestamp_inside_the_header_is_what_was_signed(string header, string expected) => Assert.Equal(
        expected,
        Of("stripe", SignedWebhooks.StripeSecret).FaultOf(
            Headers($"Stripe-Signature: {header.Replace("{0}", SignedWebhooks.StripeDigest, StringComparison.Ordinal)}").GetValueOrDefault, SignedWebhooks.Bytes(SignedWebhooks.Stripe), Now));

    [Fact]
    public void During_a_rotation_the_old_secret_is_taken_until_its_time_is_over()
    {
        var verifier = new SourceVerifier(SettingsOf("jira"), [new("another secret of today"), new(SignedWebhooks.DocumentedSecret, Now.AddHours(1))]);
        var headers = Headers($"X-Hub-Signature: {SignedWebhooks.JiraSignature}");

        Assert.Null(verifier.FaultOf(headers.GetValueOrDefault, SignedWebhooks.Bytes(SignedWebhooks.Jira), Now));
        Assert.Equal("signature_mismatch", verifier.FaultOf(headers.GetValueOrDefault, SignedWebhooks.Bytes(SignedWebhooks.Jira), Now.AddHours(1)));
    }

    [Theory]
    [InlineData("the secret of this header", null)]
    [InlineData("the secret of this heade", "secret_mismatch")]
    [InlineData("the secret of yesterday", null)]
    [InlineData("", "missing_header")]
    public void A_static_secret_is_compared_whole(string given, string? expected)
    {
        var settings = SettingsOf("servicenow") with { Authentication = new() { Method = AuthenticationMethod.Header, Header = "X-Webhook-Secret" } };
        var verifier = new SourceVerifier(settings, [new("the secret of this header"), new("the secret of yesterday", Now.AddHours(1)), new("a secret that is over", Now)]);

        Assert.Equal(expected, verifier.FaultOf(Headers($"X-Webhook-Secret: {given}").GetValueOrDefault, [], Now));
        Assert.Equal("secret_mismatch", verifier.FaultOf(Headers("X-Webhook-Secret: a secret that is over").GetValueOrDefault, [], Now));
    }

    [Theory]
    [InlineData("snow:the secret of basic", null)]
    [InlineData("sno:wthe secret of basic", "secret_mismatch")]
    [InlineData("snow:the secret", "secret_mismatch")]
    public void Basic_takes_the_user_with_the_secret(string credentials, string? expected)
    {
        var settings = SettingsOf("servicenow") with { Authentication = new() { Method = AuthenticationMethod.Basic, Username = "snow" } };
        var verifier = new SourceVerifier(settings, [new("the secret of basic")]);

        Assert.Equal(expected, verifier.FaultOf(Headers($"Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials))}").GetValueOrDefault, [], Now));
        Assert.Equal("missing_header", verifier.FaultOf(Headers($"Authorization: Bearer {credentials}").GetValueOrDefault, [], Now));
        Assert.Equal("missing_header", verifier.FaultOf(Headers("Authorization: Basic ***").GetValueOrDefault, [], Now));
    }

    private static SourceVerifier Of(string kind, string secret) => new(SettingsOf(kind), [new SubscriptionSecret(secret)]);

    internal static SourceSettings SettingsOf(string kind)
    {
        var preset = SourcePreset.Find(kind)!;
        return new SourceSettings
        {
            ExternalSystem = preset.ExternalSystem,
            Authentication = preset.Authentication ?? new() { Method = AuthenticationMethod.Header, Header = "X-Webhook-Secret" },
            ToleranceSeconds = preset.ToleranceSeconds,
            IdempotencyKey = preset.IdempotencyKey,
            ExceptionId = preset.ExceptionId,
            Fields = preset.Fields,
        };
    }

    private static Dictionary<string, string> Headers(params string[] lines) =>
        lines.Select(line => line.Split(": ", 2)).ToDictionary(parts => parts[0], parts => parts[1], StringComparer.OrdinalIgnoreCase);
}
