using System.Net;
using System.Text;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Parking;

/// <summary>RabbitMQ's client reads them by recursion: whoever is handed such a message ends, for want of stack, and so does the next one.</summary>
public sealed class When_headers_are_nested_as_deep_as_a_frame_allows(SharedSystem system)
{
    // The broker needs a second or two for these; for the deepest it needs four, and more on a busy machine.
    private const int DeepEnough = 16_500;

    [Theory]
    [InlineData("webhooks.publisher")]
    [InlineData("webhooks.deliveries.0")]
    [InlineData("webhooks.retries.0")]
    [InlineData("webhooks.callback-results")]
    public async Task Should_park_what_cannot_be_used_and_put_it_back_without_them(string queue)
    {
        var processes = Processes();
        var body = $"nothing of ours {Guid.NewGuid():N}";

        await PublishAsync(queue, body, RawProperties.OfNestedHeader(DeepEnough, ofTables: true));

        var parked = (await ParkedAsync(body, 1))[0];
        Assert.Equal(queue, parked.Queue);
        Assert.Contains("Its own headers are left out", parked.Detail, StringComparison.Ordinal);
        using var shown = await system.Management.AnsweredAsync(http => http.GetAsync($"v1/parked/prk_{parked.Id:N}"));
        Assert.Equal(HttpStatusCode.OK, shown.StatusCode);
        using var republished = await system.Management.AnsweredAsync(http => http.PostAsync($"v1/parked/prk_{parked.Id:N}/republish", content: null));
        Assert.Equal(HttpStatusCode.Accepted, republished.StatusCode);
        await ParkedAsync(body, 2);
        Assert.Equal(processes, Processes());
    }

    [Fact]
    public async Task Should_keep_what_somebody_lays_into_the_parking_queue()
    {
        var processes = Processes();
        var body = $"nothing of ours {Guid.NewGuid():N}";

        await PublishAsync(BrokerNames.ParkingQueue, body, RawProperties.OfNestedHeader(DeepEnough, ofTables: true));

        Assert.Contains("Its own headers are left out", (await ParkedAsync(body, 1))[0].Detail, StringComparison.Ordinal);
        Assert.Equal(processes, Processes());
    }

    [Theory]
    [InlineData(26_000, false)]
    [InlineData(21_500, true)]
    public async Task Should_deliver_an_event_that_has_them_and_those_behind_it(int levels, bool ofTables)
    {
        await using var receiver = await TestReceiver.StartAsync();
        var tenant = Tenant.New();
        TestEvent[] events = [.. Enumerable.Range(0, 3).Select(_ => TestEvent.Create(tenant, "exception.created"))];
        await system.Management.SubscribeAsync(new SubscriptionRequest { TenantId = tenant, Url = receiver.Url, EventTypes = ["exception.created"] });
        var processes = Processes();

        await system.Events.PublishAsync(events[0]);
        await PublishAsync(BrokerNames.PublisherQueue, Encoding.UTF8.GetString(events[1].Body), RawProperties.OfNestedHeader(levels, ofTables));
        await system.Events.PublishAsync(events[2]);

        Assert.Equal(events.Select(published => published.Id).Order(), (await receiver.WaitForAsync(3)).Select(TestEvent.IdOf).Order());
        Assert.Equal(processes, Processes());
    }

    private async Task PublishAsync(string queue, string body, RawProperties properties)
    {
        await using var peer = await AmqpPeer.ConnectAsync(system.Running.Endpoints.Amqp);
        await peer.PublishAsync("", queue, Encoding.UTF8.GetBytes(body), properties);
    }

    private async Task<IReadOnlyList<ParkedMessage>> ParkedAsync(string body, int count)
    {
        IReadOnlyList<ParkedMessage> parked = [];
        await Eventually.TrueAsync(
            async () => (parked = [.. (await system.Parked.AllAsync()).Where(message => message.Text == body)]).Count == count,
            TimeSpan.FromMinutes(5), () => $"{count} messages to be parked; there were {parked.Count}");
        return parked;
    }

    private List<string> Processes() => [.. system.Running.Endpoints.Processes.Select(process => $"{process.Key} {string.Join(' ', process.Value)}")];
}
