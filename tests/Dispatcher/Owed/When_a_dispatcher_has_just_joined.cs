using Webhooks.Broker.Deliveries;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Owed;

/// <summary>It knows nothing of what came to the queue before, and what it has in hand is not lost.</summary>
public sealed class When_a_dispatcher_has_just_joined : IAsyncLifetime
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Should_not_take_its_late_retries_for_lost_when_another_one_finds_the_queue_empty()
    {
        await using var receiver = await HeldReceiver.StartAsync();
        var subscription = await _world.SubscribeAsync(receiver.Requests.Url, timeout: HeldReceiver.Deadline);
        var accepted = await _world.AcceptAsync(subscription, count: 21);
        // They were due, and waited in the queue. Of one the message is lost.
        var due = TimeProvider.System.GetUtcNow() - 4 * Grace;
        await _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 1, next_attempt_at = $1", due.UtcDateTime);
        await _world.Database.ExecuteAsync("UPDATE deliveries SET next_attempt_at = $1 WHERE id = $2", (due - 2 * Grace).UtcDateTime, accepted[20].Id);
        await Task.WhenAll(accepted.Take(20).Select(delivery => _world.Bus.PublishAsync(
            BrokerNames.RetriesExchange,
            Shard.RoutingKeyOf(subscription.Id, shards: 1),
            Announcement.Write([new DeliveryMessage(delivery.Id, delivery.CreatedAt, 2, due, Traceparent: null)]))));

        await _world.StartDispatcherAsync(("Webhooks:OwedGrace", $"{Grace}"));
        await receiver.Requests.WaitForAsync(20);
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM queue_marks WHERE queue = $1", BrokerNames.RetriesQueue(0)) == 1,
            World.Limit, "it to note what it has in hand");
        Assert.Equal(0, await OwedAsync());
        // Another one, long there.
        await _world.Database.ExecuteAsync(
            "INSERT INTO queue_marks (queue, dispatcher, mark, noted_at, fresh_at) VALUES ($1, gen_random_uuid(), now(), now(), now())", BrokerNames.RetriesQueue(0));

        await Eventually.TrueAsync(
            () => receiver.Requests.Requests.Any(request => TestEvent.IdOf(request) == accepted[20].EventId), World.Limit, "the one whose message is lost");
        Assert.Equal(1, await OwedAsync());
        receiver.Release();
        await _world.EndedAsync();
        Assert.Equal(accepted.Select(delivery => delivery.EventId).Order(), receiver.Requests.Requests.Select(TestEvent.IdOf).Distinct().Order());
        // One that hung for so long on a busy machine that it was given up is on record, and came again.
        Assert.Equal((await _world.AttemptsAsync()).Count, receiver.Requests.Count);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private Task<long> OwedAsync() => _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE owed_times IS NOT NULL");
}
