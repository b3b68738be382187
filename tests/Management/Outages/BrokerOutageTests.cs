using System.Net;
using RabbitMQ.Client;
using Webhooks.Contracts;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Management.Tests.Outages;

public sealed class BrokerOutageTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task While_the_broker_is_away_what_needs_it_is_503_soon_and_the_log_says_who_is_away()
    {
        await using var relay = Relay();
        var instance = await api.StartHostAsync(("ConnectionStrings:RabbitMq", Through(relay)));
        await EventuallyAcceptedAsync(instance);

        relay.Cut();
        (string Path, object Body)[] requests =
        [
            ("/v1/events", Event()),
            ("/v1/subscriptions", """{"tenant_id":"outage","url":"https://receiver.example/","event_types":["a"],"retry":{"initial_delay_seconds":7.7}}"""),
        ];
        foreach (var (path, body) in requests)
        {
            var refused = await api.SendSoonAsync(HttpMethod.Post, path, body, ManagementApi.AdminToken, instance);

            refused.IsProblem(HttpStatusCode.ServiceUnavailable, "unavailable");
            Assert.NotNull(refused.Headers.RetryAfter);
        }

        Assert.Contains(api.Log.Lines, line => line.Contains($"RabbitMQ at 127.0.0.1:{relay.Port} does not answer in time; answering 503", StringComparison.Ordinal));

        relay.Restore();
        await EventuallyAcceptedAsync(instance);
    }

    // The subscription is locked meanwhile, which a change may be for seconds only unless it says so.
    [Fact]
    public async Task A_change_that_waits_for_the_broker_for_longer_than_a_transaction_may_stand_still_is_made()
    {
        await using var relay = Relay();
        var instance = await api.StartHostAsync(
            ("ConnectionStrings:RabbitMq", Through(relay)), ("ConnectionStrings:Postgres", $"{api.Postgres};Options=-c idle_in_transaction_session_timeout=300ms"));
        await EventuallyAcceptedAsync(instance);
        var subscription = await api.SubscribeAsync("outage");

        for (var tries = 0; ; tries++)
        {
            relay.FallSilent();
            // A queue that was not needed before.
            var change = $$$"""{"retry":{"initial_delay_seconds":{{{8 + tries}}}.8}}""";
            var changing = api.SendAsync(HttpMethod.Patch, $"/v1/subscriptions/{subscription.Id}", change, ManagementApi.AdminToken, via: instance);
            var hasWaited = false;
            await Eventually.TrueAsync(
                async () => (hasWaited = await api.Database.ScalarAsync<long>(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction' AND now() - state_change > interval '600 ms'") == 1)
                    || changing.IsCompleted,
                Limit, "the change to wait for the broker");
            relay.Restore();

            var status = (await changing).Status;
            if ((hasWaited && status == HttpStatusCode.OK) || tries == 9)
            {
                Assert.Equal((true, HttpStatusCode.OK), (hasWaited, status));
                return;
            }

            // The request's time was up before a busy machine had looked.
            await EventuallyAcceptedAsync(instance);
        }
    }

    [Theory]
    [InlineData("the binding")]
    [InlineData("the queue")]
    [InlineData("the exchange")]
    public async Task What_somebody_removed_on_the_way_to_the_events_queue_is_there_again_and_the_event_is_accepted(string removed)
    {
        await using var peer = await AmqpPeer.ConnectAsync(api.RabbitMq);
        await EventuallyAcceptedAsync(instance: null);
        await (removed switch
        {
            "the binding" => peer.Channel.QueueUnbindAsync(BrokerNames.PublisherQueue, BrokerNames.EventsExchange, "#"),
            "the queue" => (Task)peer.Channel.QueueDeleteAsync(BrokerNames.PublisherQueue, ifUnused: false, ifEmpty: false),
            _ => peer.Channel.ExchangeDeleteAsync(BrokerNames.EventsExchange),
        });

        await EventuallyAcceptedAsync(instance: null);
        Assert.True(await peer.CountAsync(BrokerNames.PublisherQueue) > 0);
    }

    private TcpRelay Relay() => new(new Uri(api.RabbitMq).Host, new Uri(api.RabbitMq).Port);

    private string Through(TcpRelay relay) => new UriBuilder(api.RabbitMq) { Host = "127.0.0.1", Port = relay.Port }.Uri.ToString();

    private static string Event() => $$$"""{"id":"{{{Guid.NewGuid():N}}}","type":"a","tenant_id":"outage","data":{}}""";

    private Task<Answer> PublishAsync(HttpClient? instance) => api.SendAsync(HttpMethod.Post, "/v1/events", Event(), ManagementApi.AdminToken, via: instance);

    private Task EventuallyAcceptedAsync(HttpClient? instance) => Eventually.TrueAsync(
        async () => (await PublishAsync(instance)).Status == HttpStatusCode.Accepted, Limit, "an event to be accepted");
}
