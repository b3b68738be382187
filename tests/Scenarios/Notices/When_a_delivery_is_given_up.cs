using System.Text.Json;
using Webhooks.Scenarios.Tests.Payloads;
using Webhooks.Signatures;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Notices;

public sealed class When_a_delivery_is_given_up(SharedSystem system) : IAsyncLifetime
{
    private const string Secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

    private static readonly RetryRequest TwoAttempts = new() { MaxAttempts = 2, InitialDelaySeconds = 0.1 };

    private readonly string _tenantId = Tenant.New();
    private Neighbour _neighbour = null!;

    public async ValueTask InitializeAsync() => _neighbour = await Neighbour.ListenAsync(system.Running.Endpoints.Amqp);

    [Theory]
    [InlineData("matcher")]
    [InlineData("standard")]
    public async Task Should_tell_the_subscription_that_names_the_type_by_a_signed_webhook(string profile)
    {
        await using var failing = await TestReceiver.StartAsync(_ => new Answer(503));
        await using var watching = await TestReceiver.StartAsync();
        await using var unconcerned = await TestReceiver.StartAsync();
        var failed = await SubscribeAsync(failing, "order.placed");
        await SubscribeAsync(watching, "webhook.delivery_exhausted", profile);
        await SubscribeAsync(unconcerned, "*");
        var published = TestEvent.Create(_tenantId, "order.placed");

        await system.Events.PublishAsync(published);

        var delivery = await system.Management.WaitForEndAsync(failed.Id, published.Id);
        Assert.Equal("exhausted", delivery.Status);
        var request = Assert.Single(await watching.WaitForAsync(1));
        using var body = JsonDocument.Parse(request.Body);
        var (type, data) = (body.RootElement.GetProperty("type").GetString(), body.RootElement.GetProperty("data"));
        Assert.Equal("webhook.delivery_exhausted", type);
        Assert.Equal(
            $$"""{"delivery_id":"{{delivery.Id}}","event_id":"{{published.Id}}","event_type":"order.placed","subscription_id":"{{failed.Id}}","status":"exhausted","reason":"attempts_used_up","attempts":2,"outcome":"server_error","status_code":503,"error":"The receiver answered 503."}""",
            data.GetRawText());
        var verification = new SignatureVerifier(Dialect.Of(profile).Scheme, Secret).Verify(request.Header, request.Body, TimeProvider.System.GetUtcNow());
        Assert.Equal(SignatureVerification.Valid, verification);

        var told = Assert.Single(await _neighbour.WaitForAsync(_tenantId, 1));
        Assert.Equal(($"{delivery.Id}_exhausted", "delivery.exhausted"), (told.Id, told.Type));
        Assert.Equal(data.GetRawText(), told.Data.GetRawText());
        Assert.Equal([published.Id], (await unconcerned.WaitForAsync(1)).Select(TestEvent.IdOf));
    }

    [Fact]
    public async Task Should_tell_nothing_of_deliveries_that_tell_of_deliveries()
    {
        await using var failing = await TestReceiver.StartAsync(_ => new Answer(503));
        await using var watching = await TestReceiver.StartAsync();
        var failed = await SubscribeAsync(failing, "order.placed");
        var itself = await SubscribeAsync(failing, "webhook.*");
        await SubscribeAsync(watching, "webhook.*");
        var published = TestEvent.Create(_tenantId, "order.placed");
        await system.Events.PublishAsync(published);
        var first = await system.Management.WaitForEndAsync(failed.Id, published.Id);

        var itsOwn = await system.Management.WaitForEndAsync(itself.Id, $"{first.Id}_exhausted");

        // What comes later was told later: had there been anything of the second delivery, it would be here by now.
        Assert.Equal("exhausted", itsOwn.Status);
        var marker = TestEvent.Create(_tenantId, "order.placed");
        await system.Events.PublishAsync(marker);
        var last = await system.Management.WaitForEndAsync(failed.Id, marker.Id);
        await Eventually.TrueAsync(() => watching.Requests.Any(request => TestEvent.IdOf(request) == $"{last.Id}_exhausted"), TimeSpan.FromMinutes(5), "the later event");
        Assert.Equal([$"{first.Id}_exhausted", $"{last.Id}_exhausted"], watching.Requests.Select(TestEvent.IdOf).Order());
        await _neighbour.WaitForAsync(_tenantId, 2);
        Assert.Equal([$"{first.Id}_exhausted", $"{last.Id}_exhausted"], _neighbour.Of(_tenantId).Select(told => told.Id).Order());
        await Eventually.TrueAsync(
            async () => await system.Running.Database.CountAsync("SELECT count(*) FROM notices WHERE tenant_id = $1", _tenantId) == 0, TimeSpan.FromMinutes(5), "all that was told to be forgotten");
    }

    [Fact]
    public async Task Should_tell_of_a_receiver_that_is_gone_and_of_a_person_who_disables()
    {
        await using var gone = await TestReceiver.StartAsync(_ => new Answer(410));
        await using var watching = await TestReceiver.StartAsync();
        var left = await SubscribeAsync(gone, "order.placed");
        var asked = await SubscribeAsync(watching, "order.shipped");
        await SubscribeAsync(watching, "webhook.subscription_disabled");
        var published = TestEvent.Create(_tenantId, "order.placed");

        await system.Events.PublishAsync(published);
        await watching.WaitForAsync(1);
        await system.Management.ChangeAsync(asked.Id, new { state = "disabled" });

        var requests = await watching.WaitForAsync(2);
        Assert.Equal([("webhook.subscription_disabled", left.Id, "gone"), ("webhook.subscription_disabled", asked.Id, "requested")], requests.Select(Read));
        var told = await _neighbour.WaitForAsync(_tenantId, 3);
        Assert.Equal(["delivery.failed", "subscription.disabled", "subscription.disabled"], told.Select(one => one.Type));
        Assert.Equal("gone", told[0].Data.GetProperty("reason").GetString());
    }

    public ValueTask DisposeAsync() => _neighbour.DisposeAsync();

    private static (string Type, string SubscriptionId, string Reason) Read(ReceivedRequest request)
    {
        using var body = JsonDocument.Parse(request.Body);
        var data = body.RootElement.GetProperty("data");
        return (body.RootElement.GetProperty("type").GetString()!, data.GetProperty("subscription_id").GetString()!, data.GetProperty("reason").GetString()!);
    }

    private Task<SubscriptionResponse> SubscribeAsync(TestReceiver receiver, string type, string? profile = null) =>
        system.Management.SubscribeAsync(new SubscriptionRequest
        {
            TenantId = _tenantId, Url = receiver.Url, EventTypes = [type], Profile = profile, Secret = Secret, Retry = TwoAttempts,
        });
}
