using Webhooks.Subscriptions;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Replays;

/// <summary>How fast replays go, that they stop when told to, and that none holds up another.</summary>
public sealed class ReplayRateTests : IAsyncLifetime
{
    private World _world = null!;
    private TestReceiver _receiver = null!;
    private Subscription _subscription = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _receiver = await TestReceiver.StartAsync();
        _subscription = await _world.SubscribeAsync(_receiver.Url);
    }

    [Fact]
    public async Task A_rate_is_kept_to_by_the_due_times_and_no_more_than_a_second_is_made_ahead()
    {
        await _world.AcceptAsync(_subscription, count: 300);
        await Intended.EndYesterdayAsync(_world);
        await _world.StartDispatcherAsync();

        var replay = await Intended.AsyncOf(_world, _subscription, ["exhausted"], rate: 50);

        var furthest = TimeSpan.Zero;
        await Eventually.TrueAsync(
            async () =>
            {
                var ahead = await _world.Database.ScalarAsync<TimeSpan>("SELECT coalesce(max(next_attempt_at) - clock_timestamp(), '0') FROM deliveries WHERE status = 'pending'");
                furthest = ahead > furthest ? ahead : furthest;
                return await replay.StatusAsync() == "done";
            },
            World.Limit, "the replay to be done");
        Assert.InRange(furthest, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1.1));
        await _world.EndedAsync();

        // When its chunks were made is a matter of chance; the last of them is never before its time.
        var attempts = (await _world.AttemptsAsync()).Select(attempt => attempt.StartedAt).Order().ToList();
        Assert.Equal(300, attempts.Count);
        var began = await _world.Database.ScalarAsync<DateTime>("SELECT min(created_at) FROM deliveries WHERE replay_of IS NOT NULL");
        Assert.All(
            attempts.Index(),
            attempt => Assert.True(attempt.Item >= began.AddSeconds(0.02 * attempt.Index).AddMilliseconds(-1), $"Attempt {attempt.Index} was made after {attempt.Item - began}."));
    }

    [Fact]
    public async Task A_canceled_replay_makes_nothing_more_and_what_it_made_is_sent()
    {
        await _world.AcceptAsync(_subscription, count: 1_000);
        await Intended.EndYesterdayAsync(_world);
        await _world.StartDispatcherAsync();
        var replay = await Intended.AsyncOf(_world, _subscription, ["exhausted"], rate: 20);
        await _receiver.WaitForAsync(10);

        var made = await replay.CancelAsync();
        var canceledAt = TimeProvider.System.GetUtcNow();

        await _world.EndedAsync();
        var last = await _world.Database.ScalarAsync<DateTime>("SELECT max(created_at) FROM deliveries WHERE replay_of IS NOT NULL");
        Assert.True(last < canceledAt.AddSeconds(3), $"The last was made {last - canceledAt} later.");
        // Another one that is asked for later is through: the leader has been at work since.
        var other = await _world.SubscribeAsync(_receiver.Url);
        await _world.AcceptAsync(other);
        await _world.Database.ExecuteAsync("UPDATE deliveries SET status = 'failed' WHERE subscription_id = $1", other.Id);
        await (await Intended.AsyncOf(_world, other, ["failed"])).HasStatusAsync("done");
        Assert.Equal((made, "canceled"), (await replay.DoneAsync(), await replay.StatusAsync()));
        Assert.Equal(made, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE replay_of IS NOT NULL AND subscription_id = $1", _subscription.Id));
        Assert.InRange(made, 10, 500);
    }

    [Fact]
    public async Task A_giant_replay_holds_up_neither_a_small_one_nor_fresh_deliveries()
    {
        await using var slow = await TestReceiver.StartAsync(_ => Answer.Ok with { Delay = TimeSpan.FromSeconds(1) });
        var giant = await _world.SubscribeAsync(slow.Url, timeout: TimeSpan.FromSeconds(30));
        await _world.AcceptAsync(giant, count: 10_000);
        await _world.AcceptAsync(_subscription, count: 20);
        await Intended.EndYesterdayAsync(_world);
        await _world.StartDispatcherAsync();
        var big = await Intended.AsyncOf(_world, giant, ["exhausted"]);
        await slow.WaitForAsync(500, World.Limit);

        var small = await Intended.AsyncOf(_world, _subscription, ["exhausted"]);
        await _world.DeliverAsync(_subscription, count: 20);
        await small.HasStatusAsync("done");
        await _receiver.WaitForAsync(40, World.Limit);

        // Made at the rate at which they are sent, not all at once.
        Assert.Equal("running", await big.StatusAsync());
        Assert.True(await big.CancelAsync() <= slow.Count + 4_000, $"{await big.DoneAsync()} were made, and {slow.Count} sent.");
        await _world.EndedAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        await _world.DisposeAsync();
    }
}
