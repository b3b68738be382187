using System.Globalization;
using Webhooks.Signatures;
using Webhooks.Signatures.Tests;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Payloads;

public sealed class When_a_documented_event_is_published(DocumentedDeliveries deliveries) : IClassFixture<DocumentedDeliveries>
{
    public static MatrixTheoryData<string, string> EventsAndProfiles => new(DocumentedDeliveries.Names, Dialect.Profiles);

    public static IEnumerable<TheoryDataRow<string>> Profiles => Dialect.Profiles.Select(profile => new TheoryDataRow<string>(profile));

    public static MatrixTheoryData<string, string> DocumentedVerifiers => new(["matcher", "matchaudit"], ["node", "python3"]);

    [Theory]
    [MemberData(nameof(EventsAndProfiles))]
    public async Task Should_reach_the_receiver_byte_for_byte(string name, string profile)
    {
        var published = deliveries.Documented(name);

        var request = await deliveries.RequestAsync(published, profile);

        Assert.Equal(published.ExpectedBody(profile), request.Text);
        AssertHeaders(request, published, profile);
        AssertVerifies(request, profile);
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public async Task Should_carry_optional_members_in_the_profiles_order(string profile)
    {
        var request = await deliveries.RequestAsync(deliveries.Complete, profile);

        Assert.Equal(deliveries.Complete.ExpectedBody(profile), request.Text);
        AssertHeaders(request, deliveries.Complete, profile);
        AssertVerifies(request, profile);
    }

    // The expectations above are computed; these are written out, so that the computation is checked as well.
    [Theory]
    [InlineData("matchaudit", """{"id":"evt_complete:1","type":"payment.confirmed","created":"2024-01-20T10:30:00.987Z","version":"1","data":{"currency":"USD","amount":15000.00,"nested":{"amount":1},"reference_id":"ref 1"}}""")]
    [InlineData("kyc", """{"id":"evt_complete:1","type":"payment.confirmed","created":1705746600,"data":{"currency":"USD","amount":15000.00,"nested":{"amount":1},"reference_id":"ref 1"}}""")]
    [InlineData("bookkeeper", """{"id":"evt_complete:1","type":"payment.confirmed","timestamp":"2024-01-20T12:30:00.9876+02:00","reference_id":"ref 1","amount":15000.00,"currency":"USD","data":{"currency":"USD","amount":15000.00,"nested":{"amount":1},"reference_id":"ref 1"}}""")]
    [InlineData("standard", """{"type":"payment.confirmed","timestamp":"2024-01-20T12:30:00.9876+02:00","data":{"currency":"USD","amount":15000.00,"nested":{"amount":1},"reference_id":"ref 1"}}""")]
    public async Task Should_look_as_written_here(string profile, string body) =>
        Assert.Equal(body, (await deliveries.RequestAsync(deliveries.Complete, profile)).Text);

    [Theory]
    [MemberData(nameof(DocumentedVerifiers))]
    public async Task Should_satisfy_the_verification_functions_of_the_documentation(string profile, string runtime)
    {
        Assert.SkipUnless(SeedVerifier.HasRuntime(runtime), $"'{runtime}' is not installed; it runs the verification functions of the seed documents.");

        foreach (var name in DocumentedDeliveries.Names)
        {
            var request = await deliveries.RequestAsync(deliveries.Documented(name), profile);

            Assert.Equal("valid", await SeedVerifier.VerifyAsync(runtime, profile, request.Text, request.Headers, DocumentedDeliveries.Secret));
        }
    }

    private static void AssertHeaders(ReceivedRequest request, PublishedEvent published, string profile)
    {
        Assert.Equal("POST", request.Method);
        Assert.Equal($"/hooks/{profile}?a=1", request.Path);
        Assert.Equal("application/json", request.Header("Content-Type"));
        Assert.Equal(request.Body.Length.ToString(CultureInfo.InvariantCulture), request.Header("Content-Length"));
        Assert.Matches(Dialect.Of(profile).UserAgent, request.Header("User-Agent"));

        Assert.Equal(profile is "matchaudit" ? published.Id : null, request.Header("x-matchaudit-event-id"));
        Assert.Equal(profile is "kyc" ? published.Id : null, request.Header("X-Webhook-ID"));
        Assert.Equal(profile is "standard" ? published.Id : null, request.Header("webhook-id"));
        if (profile is "kyc")
        {
            // The moment of the event, not of the attempt.
            Assert.Equal(published.OccurredAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), request.Header("X-Webhook-Timestamp"));
        }
    }

    private static void AssertVerifies(ReceivedRequest request, string profile)
    {
        var scheme = Dialect.Of(profile).Scheme;
        var isOfTheAttempt = profile is "matcher" or "bookkeeper" or "standard";
        var verifier = new SignatureVerifier(scheme, DocumentedDeliveries.Secret) { Tolerance = isOfTheAttempt ? TimeSpan.FromMinutes(1) : null };

        Assert.Equal(SignatureVerification.Valid, verifier.Verify(request.Headers, request.Body, request.ReceivedAt));
        Assert.Equal(
            SignatureVerification.SignatureMismatch, verifier.Verify(request.Headers, [.. request.Body, (byte)' '], request.ReceivedAt));
    }
}
