using System.Text;
using Webhooks.Signatures;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Secrets;
using Webhooks.Subscriptions.Shaping.Transforms;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Deliveries;

/// <summary>An announcement becomes a signed request, and the request an attempt on record.</summary>
public sealed class DeliveryTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task An_announced_delivery_is_sent_once_and_signed()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var subscription = await _world.SubscribeAsync($"{receiver.Url}/hook?key=1");
        await _world.StartDispatcherAsync();

        await _world.DeliverAsync(subscription, data: """{"amount":1E3,"note":"Grüße"}""");

        await _world.EndedAsync();
        var request = Assert.Single(receiver.Requests);
        Assert.Equal(("POST", "/hook?key=1", "application/json"), (request.Method, request.Path, request.Header("Content-Type")));
        Assert.Equal(
            """{"id":"evt_1","type":"a.b","timestamp":"2024-01-20T10:30:00Z","version":"1.0","tenant_id":"tenant_001","data":{"amount":1E3,"note":"Grüße"}}""",
            request.Text);
        Assert.Equal(SignatureVerification.Valid, Verify(request));
    }

    [Fact]
    public async Task During_the_grace_period_the_old_secret_signs_beside_the_new_one()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await _world.StartDispatcherAsync();
        var subscription = await _world.SubscribeAsync(receiver.Url);
        var now = TimeProvider.System.GetUtcNow();
        await _world.ChangeAsync(subscription, current => current with { Secrets = SecretRotation.Rotate(current.Secrets, "the secret that signs now", now, TimeSpan.FromHours(1)) });
        await _world.DeliverAsync(subscription);
        await _world.EndedAsync();
        await _world.ChangeAsync(subscription, current => current with { Secrets = [current.Secrets[0], current.Secrets[1] with { ValidUntil = now }] });
        await _world.DeliverAsync(subscription);
        await _world.EndedAsync();

        var (during, after) = (receiver.Requests[0], receiver.Requests[1]);
        Assert.Equal(SignatureVerification.Valid, Verify(during, "the secret that signs now"));
        Assert.Equal(SignatureVerification.Valid, Verify(during, World.Secret, "X-Matcher-Signature-Previous"));
        Assert.Equal(SignatureVerification.Valid, Verify(after, "the secret that signs now"));
        Assert.Null(after.Header("X-Matcher-Signature-Previous"));
    }

    [Fact]
    public async Task A_transform_makes_the_body_and_the_signature_is_over_what_it_made()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await _world.StartDispatcherAsync();

        await _world.DeliverAsync(await _world.SubscribeAsync(Shaped(receiver, """{"template":{"text":"{/id} over {/data/amount}"}}""")), data: """{"amount":1E3}""");
        await _world.EndedAsync();
        await _world.DeliverAsync(await _world.SubscribeAsync(Shaped(receiver, """{"exclude":["/data/card"]}""")), data: """{"amount":1E3,"card":"4111"}""");
        await _world.EndedAsync();

        Assert.Equal("""{"text":"evt_1 over 1E3"}""", receiver.Requests[0].Text);
        Assert.EndsWith(""" "data":{"amount":1E3}}"""[1..], receiver.Requests[1].Text, StringComparison.Ordinal);
        Assert.All(receiver.Requests, request => Assert.Equal(SignatureVerification.Valid, Verify(request)));
    }

    [Fact]
    public async Task A_transform_that_does_not_fit_an_event_fails_its_delivery_and_says_why()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await _world.StartDispatcherAsync();

        await _world.DeliverAsync(await _world.SubscribeAsync(Shaped(receiver, """{"template":"{/data/amount}"}""")));

        await _world.EndedAsync();
        var attempt = Assert.Single(await _world.AttemptsAsync());
        Assert.Equal(("render_failed", null), (attempt.Outcome, attempt.StatusCode));
        Assert.Contains("/data/amount", attempt.Error, StringComparison.Ordinal);
        Assert.Equal(["failed"], await _world.DeliveriesAsync<string>("status"));
        Assert.Equal(0, receiver.Count);
    }

    [Fact]
    public async Task Its_attempt_is_on_record_and_no_message_is_left()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(202) { Body = "taken" }.With("X-Receipt", "r-1"));
        await _world.StartDispatcherAsync();
        var before = TimeProvider.System.GetUtcNow();

        var delivery = Assert.Single(await _world.DeliverAsync(await _world.SubscribeAsync(receiver.Url)));

        await _world.EndedAsync();
        var attempt = Assert.Single(await _world.AttemptsAsync());
        Assert.Equal((delivery.Id, 1, "succeeded", 202, null), (attempt.DeliveryId, attempt.Number, attempt.Outcome, attempt.StatusCode, attempt.Error));
        Assert.InRange(attempt.StartedAt, before, receiver.Requests[0].ReceivedAt);
        Assert.InRange(attempt.EndedAt, receiver.Requests[0].ReceivedAt.AddMilliseconds(-1), TimeProvider.System.GetUtcNow());
        Assert.Equal(receiver.Url, attempt.Url.TrimEnd('/'));
        Assert.Contains($"X-Matcher-Signature: {receiver.Requests[0].Header("X-Matcher-Signature")}\n", attempt.RequestHeaders, StringComparison.Ordinal);
        Assert.Contains("X-Receipt: r-1\n", attempt.ResponseHeaders, StringComparison.Ordinal);
        Assert.Equal("taken", Encoding.UTF8.GetString(attempt.ResponseBody!));
        Assert.Equal(["delivered"], await _world.DeliveriesAsync<string>("status"));
        Assert.Equal([1], await _world.DeliveriesAsync<int>("last_attempt"));
        Assert.Equal([true], await _world.DeliveriesAsync<bool>("finished_at IS NOT NULL AND next_attempt_at IS NULL AND due_at IS NULL"));
        Assert.Empty(await _world.ParkedAsync());
    }

    [Fact]
    public async Task A_receiver_whose_authority_is_trusted_is_sent_to_over_TLS()
    {
        using var authority = new TestCertificateAuthority();
        await using var trusted = await TestReceiver.StartAsync(certificate: authority.Valid());
        await using var unknown = await TestReceiver.StartAsync(certificate: TestCertificateAuthority.FromUnknownAuthority());
        await _world.StartDispatcherAsync(("Webhooks:TrustedCertificates", await authority.WritePemAsync(await TestDirectory.CreateAsync("pem"))));

        await _world.DeliverAsync(await _world.SubscribeAsync(trusted.Url));
        await _world.DeliverAsync(await _world.SubscribeAsync(unknown.Url));

        await _world.EndedAsync();
        Assert.Equal((1, 0), (trusted.Count, unknown.Count));
        Assert.Equal(["succeeded", "certificate_invalid"], (await _world.AttemptsAsync()).Select(attempt => attempt.Outcome));
        Assert.Equal(["delivered", "failed"], await _world.DeliveriesAsync<string>("status"));
    }

    [Fact]
    public async Task A_receiver_at_an_address_that_is_not_allowed_is_not_sent_to()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await _world.StartDispatcherAsync(("Webhooks:AllowedAddresses", ""));

        await _world.DeliverAsync(await _world.SubscribeAsync(receiver.Url));

        await _world.EndedAsync();
        Assert.Equal(0, receiver.Count);
        Assert.Equal("address_refused", Assert.Single(await _world.AttemptsAsync()).Outcome);
        Assert.Equal(["failed"], await _world.DeliveriesAsync<string>("status"));
    }

    [Fact]
    public async Task The_revision_at_acceptance_fixes_the_body_and_the_current_one_the_URL()
    {
        await using var former = await TestReceiver.StartAsync();
        await using var current = await TestReceiver.StartAsync();
        var subscription = await _world.SubscribeAsync(former.Url);
        var accepted = await _world.AcceptAsync(subscription);
        await _world.StartDispatcherAsync();
        await _world.ChangeAsync(subscription, before => before with
        {
            Settings = before.Settings with { Url = current.Url, Profile = BuiltInProfiles.Kyc },
        });

        await _world.AnnounceAsync(accepted);

        await _world.EndedAsync();
        Assert.Equal(0, former.Count);
        Assert.Equal(SignatureVerification.Valid, Verify(Assert.Single(current.Requests)));
    }

    [Fact]
    public async Task Hundreds_are_sent_at_once_and_each_one_once()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => Answer.Ok with { Delay = TimeSpan.FromMilliseconds(50) });
        await _world.StartDispatcherAsync();

        var accepted = await _world.DeliverAsync(await _world.SubscribeAsync(receiver.Url), count: 400);

        await _world.EndedAsync();
        Assert.Equal(accepted.Select(delivery => delivery.EventId).Order(), receiver.Requests.Select(TestEvent.IdOf).Order());
        Assert.Equal(accepted.Select(delivery => delivery.Id).Order(), (await _world.AttemptsAsync()).Select(attempt => attempt.DeliveryId).Order());
    }

    private static SubscriptionSettings Shaped(TestReceiver receiver, string transform) =>
        World.SettingsFor(receiver.Url, "*") with { Transform = EventTransform.Parse(transform) };

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static SignatureVerification Verify(ReceivedRequest request, string secret = World.Secret, string header = "X-Matcher-Signature") =>
        new SignatureVerifier(BuiltInProfiles.Matcher.Signature, secret).Verify(
            name => request.Header(name == "X-Matcher-Signature" ? header : name), request.Body, TimeProvider.System.GetUtcNow());
}
