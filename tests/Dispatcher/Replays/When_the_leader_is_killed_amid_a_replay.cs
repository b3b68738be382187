using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Replays;

public sealed class When_the_leader_is_killed_amid_a_replay : IAsyncLifetime
{
    private const int Count = 3_000;

    private World _world = null!;
    private TestReceiver _receiver = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _receiver = await TestReceiver.StartAsync();
    }

    [Fact]
    public async Task Should_be_carried_on_by_another_that_loses_none_and_makes_none_twice()
    {
        var subscription = await _world.SubscribeAsync(_receiver.Url, new CustomRetry { InitialDelaySeconds = 0.2, BackoffMultiplier = 1, MaxAttempts = 20 });
        var accepted = await _world.AcceptAsync(subscription, Count);
        await Intended.EndYesterdayAsync(_world);
        await using var killed = await _world.StartChildAsync();
        var replay = await Intended.AsyncOf(_world, subscription, ["exhausted"], rate: 200);
        await Eventually.TrueAsync(async () => await replay.DoneAsync() > 300, World.Limit, "the replay to be under way");

        await killed.KillAsync();
        var done = await replay.DoneAsync();
        Assert.InRange(done, 300, Count - 1);
        await _world.StartDispatcherAsync();

        await replay.HasStatusAsync("done");
        await replay.MadeEachOnceAsync(accepted);
        await _world.EndedAsync();
        Assert.Equal(Count, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE replay_of IS NOT NULL AND status = 'delivered'"));
        Assert.Equal(accepted.Select(delivery => delivery.EventId).Order(), _receiver.Requests.Select(TestEvent.IdOf).Distinct().Order());
    }

    [Fact]
    public async Task Should_go_on_under_a_dispatcher_that_stood_by()
    {
        var subscription = await _world.SubscribeAsync(_receiver.Url);
        var accepted = await _world.AcceptAsync(subscription, count: 400);
        await Intended.EndYesterdayAsync(_world);
        await using var killed = await _world.StartChildAsync();
        var replay = await Intended.AsyncOf(_world, subscription, ["exhausted"], rate: 50);
        await Eventually.TrueAsync(async () => await replay.DoneAsync() > 50, World.Limit, "the replay to be under way");
        await _world.StartDispatcherAsync();

        await killed.KillAsync();

        await replay.HasStatusAsync("done");
        await replay.MadeEachOnceAsync(accepted);
        await _world.EndedAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        await _world.DisposeAsync();
    }
}
