using System.Text.Json;
using Webhooks.Scenarios.Tests.Payloads;
using Webhooks.Signatures;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Trying;

public sealed class When_an_event_is_tried_before_it_is_published(SharedSystem system)
{
    // What an attempt signs with its own moment.
    private static readonly string[] OfTheAttempt = ["X-Matcher-Timestamp", "X-Matcher-Signature", "X-Bookkeeper-Timestamp", "X-Bookkeeper-Signature", "webhook-timestamp", "webhook-signature"];

    [Fact]
    public async Task Should_show_what_the_receivers_then_get_byte_for_byte_and_who_gets_nothing()
    {
        var tenant = Tenant.New();
        await using var receiver = await TestReceiver.StartAsync();
        var secrets = new Dictionary<string, string>();
        foreach (var profile in Dialect.Profiles)
        {
            secrets[profile] = (await SubscribeAsync(tenant, $"{receiver.Url}/{profile}", profile, "exception.*")).Secret;
        }

        var other = await SubscribeAsync(tenant, $"{receiver.Url}/other", "matcher", "match.*");
        var published = TestEvent.Create(tenant, "exception.created", data: """{"amount":15000.0,"text":"größer"}""");

        var tried = await system.Management.DryRunAsync(published);
        Assert.Equal(0, receiver.Count);
        await system.Events.PublishAsync(published);

        var received = (await receiver.WaitForAsync(secrets.Count)).ToDictionary(request => request.Path.TrimStart('/'));
        Assert.Equal([other.Id], tried.GetProperty("unmatched").EnumerateArray().Select(miss => miss.GetProperty("subscription_id").GetString()));
        Assert.Equal(secrets.Count, tried.GetProperty("matched").GetArrayLength());
        foreach (var match in tried.GetProperty("matched").EnumerateArray())
        {
            var profile = new Uri(match.GetProperty("url").GetString()!).AbsolutePath.TrimStart('/');
            AssertSame(match, received[profile]);
            AssertVerifies(match, profile, secrets[profile]);
        }
    }

    private static void AssertSame(JsonElement match, ReceivedRequest received)
    {
        Assert.Equal(received.Text, match.GetProperty("body").GetString());
        foreach (var (name, value) in match.Headers().Where(header => !OfTheAttempt.Contains(header.Key)))
        {
            Assert.Equal((name, received.Header(name)), (name, value));
        }

        Assert.Empty(received.Headers.Keys.Except([.. match.Headers().Select(header => header.Key), "Host", "Content-Length"], StringComparer.OrdinalIgnoreCase));
    }

    // At the event's own time, so that trying twice shows the same.
    private static void AssertVerifies(JsonElement match, string profile, string secret)
    {
        var scheme = Dialect.Of(profile).Scheme;
        var verifier = new SignatureVerifier(scheme, secret) { Tolerance = scheme.TimestampHeader is null ? null : TimeSpan.Zero };
        var headers = match.Headers().ToDictionary(StringComparer.OrdinalIgnoreCase);
        var body = System.Text.Encoding.UTF8.GetBytes(match.GetProperty("body").GetString()!);

        Assert.Equal(
            SignatureVerification.Valid,
            verifier.Verify(headers, body, DateTimeOffset.Parse(TestEvent.Timestamp, System.Globalization.CultureInfo.InvariantCulture)));
    }

    private Task<SubscriptionResponse> SubscribeAsync(string tenant, string url, string profile, string type) => system.Management.SubscribeAsync(
        new SubscriptionRequest { TenantId = tenant, Url = url, EventTypes = [type], Profile = profile });
}
