using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Webhooks.Database.Auditing;
using Webhooks.Signatures;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Profiles.Overrides;
using Webhooks.Subscriptions.Secrets;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Deliveries;

/// <summary>What a subscription says about its signature and headers is what goes over the wire. Signatures are checked with code of the test's own.</summary>
public sealed class ShapedRequestTests : IAsyncLifetime
{
    private const string Origin = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task A_scheme_of_its_own_is_what_its_receiver_computes()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await _world.StartDispatcherAsync();

        await _world.DeliverAsync(await _world.SubscribeAsync(World.SettingsFor(receiver.Url, "*") with
        {
            Headers = new CustomHeaders([new("X-Acme-Environment", "test")]),
            Signature = new SignatureOverride
            {
                Algorithm = SignatureAlgorithm.HmacSha512,
                Header = "X-Acme-Signature",
                MessageTemplate = "v0:{timestamp}:{id}:{header:x-acme-environment}:{pointer:/data/no}\n{body}",
                ValueTemplate = "v0={digest}",
                DigestEncoding = DigestEncoding.Base64,
                TimestampHeader = "X-Acme-Time",
                IdHeader = "X-Acme-Id",
            },
        }), data: """{"no":1E3,"note":"Grüße"}""");

        await _world.EndedAsync();
        var request = Assert.Single(receiver.Requests);
        var time = request.Header("X-Acme-Time")!;
        Assert.InRange(DateTimeOffset.FromUnixTimeSeconds(long.Parse(time, CultureInfo.InvariantCulture)), request.ReceivedAt.AddMinutes(-1), request.ReceivedAt);
        Assert.Equal("evt_1", request.Header("X-Acme-Id"));
        byte[] message = [.. Encoding.UTF8.GetBytes($"v0:{time}:evt_1:test:1E3\n"), .. request.Body];
        Assert.Equal("v0=" + Convert.ToBase64String(HMACSHA512.HashData(Encoding.UTF8.GetBytes(World.Secret), message)), request.Header("X-Acme-Signature"));
        Assert.DoesNotContain(request.Headers.Keys, name => name.StartsWith("X-Matcher", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_base64_secret_and_a_base64url_digest_are_what_its_receiver_computes_also_during_a_rotation()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await _world.StartDispatcherAsync();
        byte[] old = [.. Enumerable.Range(1, 32).Select(number => (byte)number)], next = [.. old.Reverse()];
        var subscription = await _world.Subscriptions.CreateAsync(
            World.Tenant,
            SubscriptionState.Active,
            World.SettingsFor(receiver.Url, "*") with
            {
                Signature = new SignatureOverride
                {
                    Header = "Authorization", MessageTemplate = "{timestamp}{body}", ValueTemplate = "HMAC {digest}",
                    DigestEncoding = DigestEncoding.Base64Url, SecretEncoding = SecretEncoding.Base64, SecretPrefix = "acme_",
                },
            },
            "acme_" + Convert.ToBase64String(old),
            Actor.System,
            CancellationToken.None);
        await _world.ChangeAsync(subscription, current => current with
        {
            Secrets = SecretRotation.Rotate(current.Secrets, "acme_" + Convert.ToBase64String(next), TimeProvider.System.GetUtcNow(), TimeSpan.FromHours(1)),
        });

        await _world.DeliverAsync(subscription);

        await _world.EndedAsync();
        var request = Assert.Single(receiver.Requests);
        byte[] message = [.. Encoding.UTF8.GetBytes(request.Header("X-Matcher-Timestamp")!), .. request.Body];
        Assert.Equal("HMAC " + Base64Url.EncodeToString(HMACSHA256.HashData(next, message)), request.Header("Authorization"));
        Assert.Equal("HMAC " + Base64Url.EncodeToString(HMACSHA256.HashData(old, message)), request.Header("Authorization-Previous"));

        // A signature is no credential: it is shown.
        Assert.Contains($"Authorization: {request.Header("Authorization")}\n", Assert.Single(await _world.AttemptsAsync()).RequestHeaders, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_are_sent_as_they_are_and_recorded_with_credentials_hidden()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await _world.StartDispatcherAsync();

        // Names that the client knows, and some that it knows as an answer's.
        CustomHeaders headers = new(
        [
            new("Authorization", "Bearer of-the-receiver"), new("User-Agent", "Acme/2 (not parsed ["), new("X-Environment", "test"), new("Accept", "no/media type"),
            new("From", "not an address"), new("If-Match", "unquoted"), new("ETag", "x"), new("Server", "y"), new("Location", "z"), new("X-odd~name|", "!#%"),
        ]);
        await _world.DeliverAsync(await _world.SubscribeAsync(World.SettingsFor(receiver.Url, "*") with { Headers = headers }));

        await _world.EndedAsync();
        var request = Assert.Single(receiver.Requests);
        Assert.All(headers.All, header => Assert.Equal(header.Value, request.Header(header.Key)));
        var recorded = Assert.Single(await _world.AttemptsAsync()).RequestHeaders;
        Assert.Contains("X-Environment: test\n", recorded, StringComparison.Ordinal);
        Assert.Contains($"Authorization: {new string('*', 28)}\n", recorded, StringComparison.Ordinal);
        Assert.DoesNotContain("of-the-receiver", recorded, StringComparison.Ordinal);
        Assert.Contains($"X-Matcher-Signature: {request.Header("X-Matcher-Signature")}\n", recorded, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signature_and_headers_are_those_of_the_revision_at_acceptance()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var subscription = await _world.SubscribeAsync(World.SettingsFor(receiver.Url, "*") with
        {
            Headers = new CustomHeaders([new("X-Version", "1")]),
            Signature = new SignatureOverride { Header = "X-First", MessageTemplate = "{body}" },
        });
        var accepted = await _world.AcceptAsync(subscription);
        await _world.StartDispatcherAsync();
        var changed = await _world.ChangeAsync(subscription, before => before with
        {
            Settings = before.Settings with
            {
                Headers = new CustomHeaders([new("X-Version", "2")]),
                Signature = new SignatureOverride { Header = "X-Second", MessageTemplate = "{body}" },
                SendTraceparent = true,
            },
        });

        await _world.AnnounceAsync(accepted);
        await _world.EndedAsync();
        await _world.DeliverAsync(changed);
        await _world.EndedAsync();

        var (first, second) = (receiver.Requests[0], receiver.Requests[1]);
        Assert.Equal(("1", "2"), (first.Header("X-Version"), second.Header("X-Version")));
        Assert.Equal(Expected(first), first.Header("X-First"));
        Assert.Equal(Expected(second), second.Header("X-Second"));
        Assert.Null(first.Header("X-Second"));
        Assert.Null(first.Header("traceparent"));

        static string Expected(ReceivedRequest request) =>
            "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(World.Secret), request.Body));
    }

    [Fact]
    public async Task A_message_that_an_event_has_no_value_for_fails_its_delivery_and_says_why()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await _world.StartDispatcherAsync();

        await _world.DeliverAsync(await _world.SubscribeAsync(World.SettingsFor(receiver.Url, "*") with
        {
            Signature = new SignatureOverride { MessageTemplate = "{pointer:/data/no}.{body}" },
        }));

        await _world.EndedAsync();
        var attempt = Assert.Single(await _world.AttemptsAsync());
        Assert.Equal("render_failed", attempt.Outcome);
        Assert.Contains("{pointer:/data/no}", attempt.Error, StringComparison.Ordinal);
        Assert.Equal(["failed"], await _world.DeliveriesAsync<string>("status"));
        Assert.Equal(0, receiver.Count);
    }

    [Fact]
    public async Task Without_a_collector_the_receiver_is_told_the_events_trace_where_its_subscription_wants_it()
    {
        await using var wanting = await TestReceiver.StartAsync();
        await using var silent = await TestReceiver.StartAsync();
        await _world.StartDispatcherAsync();

        var traced = await _world.AcceptAsync(await _world.SubscribeAsync(World.SettingsFor(wanting.Url, "*") with { SendTraceparent = true }));
        var untraced = await _world.AcceptAsync(await _world.SubscribeAsync(silent.Url));
        await _world.Database.ExecuteAsync("UPDATE events SET traceparent = $1", Origin);
        await _world.AnnounceAsync([.. traced, .. untraced]);
        await _world.EndedAsync();

        Assert.Equal(Origin, Assert.Single(wanting.Requests).Header("traceparent"));
        Assert.Null(Assert.Single(silent.Requests).Header("traceparent"));
        Assert.Contains($"traceparent: {Origin}\n", (await _world.AttemptsAsync()).Single(attempt => attempt.DeliveryId == traced[0].Id).RequestHeaders, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_collector_the_receiver_is_told_the_attempts_own_span()
    {
        var spans = new ConcurrentBag<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Webhooks.Dispatcher",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span => spans.Add(span.Id!),
        };
        ActivitySource.AddActivityListener(listener);
        await using var receiver = await TestReceiver.StartAsync();
        await _world.StartDispatcherAsync();

        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(World.SettingsFor(receiver.Url, "*") with { SendTraceparent = true }));
        await _world.Database.ExecuteAsync("UPDATE events SET traceparent = $1", Origin);
        await _world.AnnounceAsync(accepted);
        await _world.EndedAsync();

        var sent = Assert.Single(receiver.Requests).Header("traceparent")!;
        Assert.StartsWith(Origin[..36], sent, StringComparison.Ordinal);
        Assert.NotEqual(Origin, sent);
        await Eventually.TrueAsync(() => Task.FromResult(spans.Contains(sent)), World.Limit, "the attempt's span to end");
    }
}
