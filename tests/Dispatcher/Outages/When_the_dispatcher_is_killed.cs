using System.Collections.Concurrent;
using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Outages;

public sealed class When_the_dispatcher_is_killed : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Should_send_again_what_was_on_the_wire_and_record_it_once()
    {
        await using var receiver = await HeldReceiver.StartAsync();
        await using var killed = await _world.StartChildAsync();
        var accepted = await _world.DeliverAsync(await _world.SubscribeAsync(receiver.Requests.Url, timeout: HeldReceiver.Deadline), count: 50);
        await receiver.Requests.WaitForAsync(50);

        await killed.KillAsync();
        await _world.StartDispatcherAsync();
        await receiver.Requests.WaitForAsync(100);
        receiver.Release();

        await _world.EndedAsync();
        Assert.Equal(accepted.Select(delivery => KeyValuePair.Create(delivery.EventId, 2)).ToHashSet(), receiver.Requests.Requests.CountBy(TestEvent.IdOf).ToHashSet());
        Assert.Equal(accepted.Select(delivery => (delivery.Id, 1)).Order(), (await _world.AttemptsAsync()).Select(attempt => (attempt.DeliveryId, attempt.Number)).Order());
        Assert.All(await _world.DeliveriesAsync<string>("status"), status => Assert.Equal("delivered", status));
    }

    [Fact]
    public async Task Should_lose_no_retry_whatever_it_was_doing()
    {
        // Every delivery fails once: some are being sent, some recorded, some announced and some waiting when the end comes.
        var seen = new ConcurrentDictionary<string, int>();
        await using var receiver = await TestReceiver.StartAsync(
            request => new Answer(seen.AddOrUpdate(TestEvent.IdOf(request), 1, (_, before) => before + 1) == 1 ? 500 : 200));
        await using var killed = await _world.StartChildAsync();
        var subscription = await _world.SubscribeAsync(receiver.Url, new CustomRetry { InitialDelaySeconds = 0.2, BackoffMultiplier = 1, MaxAttempts = 20 });
        var delivering = _world.DeliverAsync(subscription, count: 500);
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM attempts") > 100, World.Limit, "the dispatcher to be at work");

        await killed.KillAsync();
        var accepted = await delivering;
        await _world.StartDispatcherAsync();

        await _world.EndedAsync();
        Assert.All(await _world.DeliveriesAsync<string>("status"), status => Assert.Equal("delivered", status));
        Assert.Equal(accepted.Select(delivery => delivery.EventId).Order(), receiver.Requests.Select(TestEvent.IdOf).Distinct().Order());
        Assert.All(
            (await _world.AttemptsAsync()).GroupBy(attempt => attempt.DeliveryId),
            attempts => Assert.Equal(Enumerable.Range(1, attempts.Count()), attempts.Select(attempt => attempt.Number)));
        Assert.Empty(await _world.ParkedAsync());
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
