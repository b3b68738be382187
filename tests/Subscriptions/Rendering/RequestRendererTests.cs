using System.Text;
using System.Text.Json;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Profiles.Overrides;
using Webhooks.Subscriptions.Rendering;
using Webhooks.Subscriptions.Secrets;
using Webhooks.Subscriptions.Shaping.Transforms;

namespace Webhooks.Subscriptions.Tests;

public sealed class RequestRendererTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string NextSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    private const string Document = "payment.posted";
    private static readonly DateTimeOffset Start = DateTimeOffset.FromUnixTimeSeconds(1705747801);

    private readonly RequestRenderer _renderer = new();
    private readonly Subscription _subscription = Some.Subscription("*") with { Secrets = [new SubscriptionSecret(Secret)] };

    [Fact]
    public void Body_and_headers_are_the_pinned_revisions_and_the_rest_is_the_current_ones()
    {
        var pinned = _subscription.Settings with { Profile = BuiltInProfiles.Kyc, Url = "https://old.example/", Timeout = TimeSpan.FromSeconds(1) };
        var now = _subscription with { Settings = _subscription.Settings with { Url = "https://new.example/", Timeout = TimeSpan.FromSeconds(7) } };

        var request = Render(pinned, now);

        Assert.Equal(Documents.ExpectedBody(BuiltInProfiles.Kyc, Document), Encoding.UTF8.GetString(request.Body.Span));
        Assert.Contains(request.Headers, header => header.Key == "X-Webhook-Signature");
        Assert.DoesNotContain(request.Headers, header => header.Key == "X-Matcher-Signature");
        Assert.Equal((now.TenantId, "https://new.example/", TimeSpan.FromSeconds(7)), (request.TenantId, request.Url, request.Deadline));
    }

    [Fact]
    public void Credentials_in_headers_are_sent_and_not_shown()
    {
        var settings = _subscription.Settings with { Headers = new CustomHeaders([new("authorization", "Bearer x"), new("X-Environment", "test")]) };

        var request = Render(settings, _subscription);

        Assert.Equal("Bearer x", request.Headers.ToDictionary()["authorization"]);
        Assert.Equal(
            request.SentHeaders.Select(header => header.Key == "authorization" ? new(header.Key, "****************************") : header),
            request.ShownHeaders);
    }

    [Fact]
    public void The_same_moment_gives_the_same_request_and_a_later_one_another_signature()
    {
        var first = Render(_subscription.Settings, _subscription);

        Assert.Equal(first.Headers, new RequestRenderer().Render(_subscription.Settings, _subscription, Documents.Event(Document), Start).Headers);
        Assert.NotEqual(first.Headers, Render(_subscription.Settings, _subscription, Start.AddSeconds(1)).Headers);
    }

    [Fact]
    public void Subscriptions_that_get_the_same_body_of_a_large_event_share_it()
    {
        var large = Documents.Event(Document) with { Data = Encoding.UTF8.GetBytes($$"""{"text":"{{new string('x', 100_000)}}"}""") };
        var other = _subscription.Settings with { Profile = BuiltInProfiles.Kyc };
        var transformed = _subscription.Settings with { Transform = EventTransform.Parse("""{"exclude":["/data/text"]}""") };

        var bodies = ((SubscriptionSettings[])[_subscription.Settings, _subscription.Settings with { Url = "https://other.example/" }, other, other with { MaxInFlight = 1 }, transformed])
            .Select(settings => _renderer.Render(settings, _subscription, large, Start).Body).ToList();

        // Equal memories lie in the same array.
        Assert.Equal([bodies[0], bodies[2]], [bodies[1], bodies[3]]);
        Assert.Equal(3, bodies.Distinct().Count());
        Assert.Equal(EnvelopeRenderer.Render(BuiltInProfiles.Kyc, large).ToArray(), bodies[3].ToArray());
    }

    [Fact]
    public void A_rotated_secret_signs_from_then_on_although_the_revision_is_the_same()
    {
        var before = Signatures(_subscription, Start);
        var rotated = _subscription with { Secrets = SecretRotation.Rotate(_subscription.Secrets, NextSecret, Start, TimeSpan.FromMinutes(1)) };

        var during = Signatures(rotated, Start);
        var after = Signatures(rotated, Start.AddMinutes(1));

        Assert.Equal(before, during[1..]);
        Assert.NotEqual(before, during[..1]);
        Assert.Single(after);
        Assert.Equal(Signatures(_subscription with { Secrets = [new SubscriptionSecret(NextSecret)] }, Start.AddMinutes(1)), after);
    }

    [Fact]
    public void Two_revisions_of_one_profile_are_signed_each_by_its_own_settings()
    {
        var kyc = _subscription.Settings with { Profile = BuiltInProfiles.Kyc };
        var other = kyc with { Profile = BuiltInProfiles.Kyc with { Signature = BuiltInProfiles.MatchAudit.Signature } };

        Assert.Contains(Render(kyc, _subscription).Headers, header => header.Key == "X-Webhook-Signature");
        Assert.Contains(Render(other, _subscription).Headers, header => header.Key == "x-matchaudit-signature");
    }

    [Fact]
    public void What_cannot_be_made_says_so_in_a_sentence()
    {
        var (transform, _) = EventTransform.Read(JsonElement.Parse("""{"template":{"text":"{/data/nowhere}"}}"""));

        var fault = Assert.Throws<RenderException>(() => Render(_subscription.Settings with { Transform = transform }, _subscription));

        Assert.Equal("The request could not be made: The event has nothing at /data/nowhere, which the transform's template asks for.", fault.Message);
    }

    private string[] Signatures(Subscription subscription, DateTimeOffset at) =>
        [.. Render(subscription.Settings, subscription, at).Headers.Where(header => header.Key.Contains("Signature", StringComparison.Ordinal)).Select(header => header.Value)];

    private WebhookRequest Render(SubscriptionSettings pinned, Subscription subscription, DateTimeOffset? at = null) =>
        _renderer.Render(pinned, subscription, Documents.Event(Document), at ?? Start);
}
