using System.Text;
using Webhooks.Signatures;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Profiles.Overrides;
using Webhooks.Subscriptions.Rendering;

namespace Webhooks.Subscriptions.Tests.Profiles.Overrides;

public sealed class EffectiveProfileTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string OldSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    private static readonly DateTimeOffset Attempt = DateTimeOffset.FromUnixTimeSeconds(1705747801);

    [Fact]
    public void Without_anything_of_its_own_it_is_the_named_profile_itself() =>
        Assert.Same(BuiltInProfiles.Kyc, Settings(BuiltInProfiles.Kyc).EffectiveProfile);

    [Fact]
    public void It_is_made_once_and_a_copy_with_other_settings_has_its_own()
    {
        var settings = Settings(BuiltInProfiles.Matcher) with { Signature = new SignatureOverride { Header = "X-One" } };

        Assert.Same(settings.EffectiveProfile, settings.EffectiveProfile);
        Assert.Equal("X-Two", (settings with { Signature = new SignatureOverride { Header = "X-Two" } }).EffectiveProfile.Signature.SignatureHeader);
        Assert.Same(BuiltInProfiles.Matcher, (settings with { Signature = null }).EffectiveProfile);
    }

    [Fact]
    public void What_is_not_given_is_the_profiles()
    {
        var profile = new SignatureOverride { DigestEncoding = DigestEncoding.Base64 }.ApplyTo(BuiltInProfiles.Matcher);

        Assert.Equal("X-Matcher-Signature", profile.Signature.SignatureHeader);
        Assert.Equal("{timestamp}.{body}", profile.Signature.MessageTemplate);
        Assert.Equal("sha256={digest}", profile.Signature.ValueTemplate);
        Assert.Equal(DigestEncoding.Base64, profile.Signature.DigestEncoding);
        Assert.Equal(BuiltInProfiles.Matcher.Headers, profile.Headers);
        Assert.Equal(BuiltInProfiles.Matcher.Envelope, profile.Envelope);
    }

    [Fact]
    public void A_timestamp_header_takes_the_place_of_the_profiles_and_keeps_its_meaning()
    {
        Assert.Equal(
            [new("X-Webhook-ID", HeaderValue.EventId), new("X-At", HeaderValue.EventTime)],
            new SignatureOverride { TimestampHeader = "X-At" }.ApplyTo(BuiltInProfiles.Kyc).Headers);
        Assert.Equal(
            [new("x-matchaudit-event-id", HeaderValue.EventId), new("X-At", HeaderValue.AttemptTime)],
            new SignatureOverride { TimestampHeader = "X-At" }.ApplyTo(BuiltInProfiles.MatchAudit).Headers);
    }

    [Fact]
    public void An_id_header_may_be_one_that_the_profile_sends_already()
    {
        var profile = new SignatureOverride { IdHeader = "x-webhook-id", MessageTemplate = "{id}.{timestamp}.{body}" }.ApplyTo(BuiltInProfiles.Kyc);

        Assert.Equal(BuiltInProfiles.Kyc.Headers, profile.Headers);
        Assert.Equal(SignatureVerification.Valid, SignAndVerify(Settings(BuiltInProfiles.Kyc) with { Signature = new SignatureOverride { IdHeader = "x-webhook-id", MessageTemplate = "{id}.{timestamp}.{body}" } }));
    }

    [Fact]
    public void A_scheme_that_asks_for_what_is_not_sent_is_refused_by_the_part_that_is_missing()
    {
        Assert.Equal("timestampHeader", Refused(BuiltInProfiles.MatchAudit, new SignatureOverride { MessageTemplate = "{timestamp}.{body}" }));
        Assert.Equal("idHeader", Refused(BuiltInProfiles.Matcher, new SignatureOverride { MessageTemplate = "{id}.{body}" }));
        Assert.Equal("timestampHeader", Refused(BuiltInProfiles.Kyc, new SignatureOverride { TimestampHeader = "X-Webhook-Id" }));
        Assert.Equal("idHeader", Refused(BuiltInProfiles.Kyc, new SignatureOverride { IdHeader = "x-webhook-timestamp" }));
        Assert.Equal("signatureHeader", Refused(BuiltInProfiles.Kyc, new SignatureOverride { Header = "X-WEBHOOK-ID" }));
        Assert.Equal("signatureHeader", Refused(BuiltInProfiles.Matcher, new SignatureOverride { Header = "X-A", TimestampHeader = "X-A-Previous" }));
        Assert.Equal("secretPrefix", Refused(BuiltInProfiles.Matcher, new SignatureOverride { SecretPrefix = "whsec_" }));
    }

    [Fact]
    public void A_base64_secret_may_have_the_prefix_that_ours_have_and_a_generated_one_fits()
    {
        var scheme = new SignatureOverride { SecretEncoding = SecretEncoding.Base64 }.ApplyTo(BuiltInProfiles.Matcher).Signature;
        Assert.Equal("whsec_", scheme.SecretPrefix);

        var own = new SignatureOverride { SecretEncoding = SecretEncoding.Base64, SecretPrefix = "acme-" }.ApplyTo(BuiltInProfiles.Matcher).Signature;
        var none = new SignatureOverride { SecretEncoding = SecretEncoding.Base64, SecretPrefix = "" }.ApplyTo(BuiltInProfiles.Matcher).Signature;
        var plain = new SignatureOverride { SecretEncoding = SecretEncoding.Utf8 }.ApplyTo(BuiltInProfiles.Standard).Signature;
        Assert.StartsWith("acme-", SecretRule.Generate(own), StringComparison.Ordinal);
        Assert.All(new[] { scheme, own, none, plain, BuiltInProfiles.Standard.Signature }, each => Assert.Null(SecretRule.FaultOf(SecretRule.Generate(each), each)));
    }

    [Fact]
    public void A_value_of_its_own_form_is_one_signature_and_the_older_secrets_stands_in_the_header_beside_it()
    {
        var ours = HeadersFor(Settings(BuiltInProfiles.Standard) with { Signature = new SignatureOverride { Header = "X-Sign", ValueTemplate = "hmac {digest}" } }, Secret, OldSecret);
        var standards = HeadersFor(Settings(BuiltInProfiles.Standard) with { Signature = new SignatureOverride { Header = "X-Sign" } }, Secret, OldSecret);

        Assert.StartsWith("hmac ", ours["X-Sign"], StringComparison.Ordinal);
        Assert.StartsWith("hmac ", ours["X-Sign-Previous"], StringComparison.Ordinal);
        Assert.NotEqual(ours["X-Sign"], ours["X-Sign-Previous"]);
        Assert.Equal(2, standards["X-Sign"].Split(' ').Length);
        Assert.DoesNotContain("X-Sign-Previous", standards.Keys);
    }

    [Fact]
    public void Headers_are_sent_beside_the_profiles_and_a_user_agent_in_its_place()
    {
        var settings = Settings(BuiltInProfiles.Kyc) with { Headers = Headers(("X-Environment", "test"), ("user-agent", "Acme/2"), ("Authorization", "Bearer x")) };

        var sent = new RequestSigner(settings.EffectiveProfile, Secret).HeadersFor("evt_1", "2024-01-20T10:30:00Z", Attempt, "{}"u8);

        Assert.Equal(["User-Agent", "X-Webhook-ID", "X-Webhook-Timestamp", "X-Environment", "Authorization", "X-Webhook-Signature"], sent.Select(header => header.Key));
        Assert.Equal(["Acme/2", "test", "Bearer x"], new[] { sent[0], sent[3], sent[4] }.Select(header => header.Value));
        Assert.Equal(["Authorization"], settings.EffectiveProfile.Confidential);
        Assert.Equal(new RequestSigner(BuiltInProfiles.Kyc, Secret).HeadersFor("evt_1", "2024-01-20T10:30:00Z", Attempt, "{}"u8)[^1], sent[^1]);
    }

    [Fact]
    public void A_signature_may_cover_a_header_of_the_subscriptions_own()
    {
        var settings = Settings(BuiltInProfiles.Matcher) with
        {
            Headers = Headers(("X-Environment", "test")),
            Signature = new SignatureOverride { MessageTemplate = "{header:x-environment}.{body}" },
        };

        Assert.Equal(SignatureVerification.Valid, SignAndVerify(settings));
        Assert.Throws<SigningException>(() => HeadersFor(settings with { Headers = null }, Secret));
    }

    [Fact]
    public void Headers_are_equal_by_what_they_are_and_never_printed()
    {
        var headers = Headers(("A", "1"), ("B", "2"));

        Assert.Equal(headers, Headers(("A", "1"), ("B", "2")));
        Assert.Equal(headers.GetHashCode(), Headers(("A", "1"), ("B", "2")).GetHashCode());
        Assert.NotEqual(headers, Headers(("B", "2"), ("A", "1")));
        Assert.Equal(headers, CustomHeaders.Parse(headers.ToJson()));
        Assert.DoesNotContain("hunter2", (Settings(BuiltInProfiles.Kyc) with { Headers = Headers(("Authorization", "hunter2")) }).ToString(), StringComparison.Ordinal);
    }

    private static SubscriptionSettings Settings(Profile profile) => Some.Subscription("*").Settings with { Profile = profile };

    private static CustomHeaders Headers(params (string Name, string Value)[] headers) =>
        new(headers.Select(header => KeyValuePair.Create(header.Name, header.Value)));

    private static string? Refused(Profile profile, SignatureOverride signature) => Assert.Throws<ArgumentException>(() => signature.ApplyTo(profile)).ParamName;

    private static Dictionary<string, string> HeadersFor(SubscriptionSettings settings, params string[] secrets) =>
        new RequestSigner(settings.EffectiveProfile, secrets).HeadersFor("evt_1", "2024-01-20T10:30:00Z", Attempt, "{}"u8).ToDictionary();

    private static SignatureVerification SignAndVerify(SubscriptionSettings settings) =>
        new SignatureVerifier(settings.EffectiveProfile.Signature, Secret).Verify(HeadersFor(settings, Secret), Encoding.UTF8.GetBytes("{}"), Attempt);
}
