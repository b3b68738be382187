using Webhooks.Dispatcher.Tests.Lanes.Ordering;
using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes;

/// <summary>As behind a pooler of connections that lets nobody listen: the rows are there, and no word of them comes.</summary>
public sealed class When_news_of_a_lane_are_lost : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Should_find_the_rows_by_itself()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await _world.StartDispatcherAsync();
        var subscription = await _world.SubscribeAsync(World.SettingsFor(receiver.Url, "*") with { MaxInFlight = 5 });
        await _world.AcceptIntoLaneAsync(subscription);
        await _world.EndedAsync();

        await _world.Database.ExecuteAsync("ALTER TABLE deliveries ALTER COLUMN lane_due_at SET DEFAULT clock_timestamp()");
        await _world.AcceptAsync(subscription, count: 10);

        await receiver.WaitForAsync(11, limit: World.Limit);
        await _world.EndedAsync();
    }

    [Fact]
    public async Task Should_find_that_somebody_else_ended_the_head_of_a_key()
    {
        await using var receiver = await TestReceiver.StartAsync(request => new Answer(Ordered.NumberOf(request) == 1 ? 500 : 200));
        var subscription = await _world.SubscribeInOrderAsync(receiver.Url, new CustomRetry { MaxAttempts = 2, InitialDelaySeconds = 3_600 });
        await _world.AcceptInLaneAsync(subscription, ["a", "a"]);
        await _world.StartDispatcherAsync();
        await _world.HaveAttemptsAsync(1);
        // Others come and go, so that the lane has seen since that the first one waits.
        await _world.AcceptInLaneAsync(subscription, ["b"]);
        await _world.HaveStatusAsync("delivered", 1);
        await _world.AcceptInLaneAsync(subscription, ["c"]);
        await _world.HaveStatusAsync("delivered", 2);

        await _world.Database.ExecuteAsync("UPDATE deliveries SET status = 'canceled', next_attempt_at = NULL, lane_due_at = NULL, finished_at = now() WHERE event_id = 'evt_1'");

        await receiver.WaitForAsync(4, limit: World.Limit);
        await _world.EndedAsync();
        Assert.Equal([1, 3, 4, 2], receiver.Requests.Select(Ordered.NumberOf));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
