using Webhooks.Signatures;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Rendering;

namespace Webhooks.Subscriptions.Tests;

public sealed class RequestSignerTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string OldSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    private const string Document = "payment.posted";
    private static readonly DateTimeOffset Attempt = DateTimeOffset.FromUnixTimeSeconds(1705747801).AddMilliseconds(999);

    public static TheoryData<string> Profiles => [.. BuiltInProfiles.All.Select(profile => profile.Name)];

    [Theory]
    [MemberData(nameof(Profiles))]
    public void The_headers_during_a_grace_period_are_as_expected_to_the_byte(string profileName)
    {
        var profile = Find(profileName);

        Assert.Equal(Documents.ExpectedHeaders(profile), Lines(HeadersFor(profile, Secret, OldSecret)));
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Without_an_older_secret_there_is_one_signature(string profileName)
    {
        var profile = Find(profileName);
        var expected = Documents.ExpectedHeaders(profile)
            .Where(line => !line.Contains("-Previous: ", StringComparison.Ordinal))
            .Select(line => line.StartsWith("webhook-signature", StringComparison.Ordinal) ? line[..line.LastIndexOf(' ')] : line);

        Assert.Equal(expected, Lines(HeadersFor(profile, Secret)));
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Receivers_verify_with_either_secret(string profileName)
    {
        var profile = Find(profileName);
        var headers = HeadersFor(profile, Secret, OldSecret).ToDictionary();
        var previous = headers.GetValueOrDefault($"{profile.Signature.SignatureHeader}-Previous", headers[profile.Signature.SignatureHeader]);
        var body = EnvelopeRenderer.Render(profile, Documents.Event(Document)).Span;

        Assert.Equal(SignatureVerification.Valid, new SignatureVerifier(profile.Signature, Secret).Verify(headers, body, Attempt));
        headers[profile.Signature.SignatureHeader] = previous;
        Assert.Equal(SignatureVerification.Valid, new SignatureVerifier(profile.Signature, OldSecret).Verify(headers, body, Attempt));
    }

    [Fact]
    public void The_previous_signature_is_that_of_the_newest_of_the_older_secrets()
    {
        var two = HeadersFor(BuiltInProfiles.Matcher, Secret, OldSecret);

        Assert.Equal(two, HeadersFor(BuiltInProfiles.Matcher, Secret, OldSecret, "an even older secret"));
    }

    [Fact]
    public void An_older_secret_that_the_profile_cannot_decode_does_not_keep_the_new_one_from_signing()
    {
        var headers = HeadersFor(BuiltInProfiles.Standard, Secret, "plain text, signed another profile", OldSecret);

        Assert.Equal(HeadersFor(BuiltInProfiles.Standard, Secret, OldSecret), headers);
        Assert.ThrowsAny<ArgumentException>(() => HeadersFor(BuiltInProfiles.Standard, "plain text, to sign with"));
    }

    [Theory]
    [InlineData("matcher", "X-Matcher-Timestamp", true)]
    [InlineData("bookkeeper", "X-Bookkeeper-Timestamp", true)]
    [InlineData("standard", "webhook-timestamp", true)]
    [InlineData("kyc", "X-Webhook-Timestamp", false)]
    public void The_timestamp_is_the_attempts_or_the_events(string profileName, string header, bool isAttempts)
    {
        var accepted = Documents.Event(Document);
        var later = new RequestSigner(Find(profileName), Secret).HeadersFor(accepted.Id, accepted.Timestamp!, Attempt.AddSeconds(60), "{}"u8);

        Assert.Equal(isAttempts ? "1705747861" : "1705746600", later.ToDictionary()[header]);
    }

    [Fact]
    public void A_signer_without_a_secret_is_refused() =>
        Assert.Throws<ArgumentException>(() => new RequestSigner(BuiltInProfiles.Matcher, []));

    [Fact]
    public void Content_type_is_left_to_the_sender() => Assert.All(
        BuiltInProfiles.All,
        profile => Assert.DoesNotContain("Content-Type", HeadersFor(profile, Secret).Select(header => header.Key)));

    private static IReadOnlyList<KeyValuePair<string, string>> HeadersFor(Profile profile, params string[] secrets)
    {
        var accepted = Documents.Event(Document);
        return new RequestSigner(profile, secrets).HeadersFor(accepted.Id, accepted.Timestamp!, Attempt, EnvelopeRenderer.Render(profile, accepted).Span);
    }

    // The version changes with every release and is not what these tests are about.
    private static IEnumerable<string> Lines(IReadOnlyList<KeyValuePair<string, string>> headers) =>
        headers.Select(header => $"{header.Key}: {(header.Value == UserAgent.Default ? "Webhooks/<version>" : header.Value)}");

    private static Profile Find(string name)
    {
        Assert.True(Profile.TryFind(name, out var profile));
        return profile;
    }
}
