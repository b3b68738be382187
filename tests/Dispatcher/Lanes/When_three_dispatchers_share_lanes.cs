using Webhooks.Dispatcher.Lanes;
using Webhooks.Subscriptions;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes;

/// <summary>What is exact over the fleet is exact because one at a time serves a lane. Each dispatcher is a process of its own.</summary>
public sealed class When_three_dispatchers_share_lanes(ITestOutputHelper output) : IAsyncLifetime
{
    private World _world = null!;
    private IReadOnlyList<ServiceChild> _dispatchers = [];

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        var dispatchers = new List<ServiceChild>();
        for (var started = 0; started < 3; started++)
        {
            dispatchers.Add(await _world.StartChildAsync());
        }

        _dispatchers = dispatchers;
    }

    [Theory]
    [InlineData(5)]
    [InlineData(200)]
    public async Task Should_keep_a_rate_to_two_percent_over_ten_seconds(double perSecond)
    {
        await using var receiver = await TestReceiver.StartAsync();
        var subscription = await _world.SubscribeAsync(World.SettingsFor(receiver.Url, "*") with { RateLimit = perSecond });
        await _world.HeldAsync(subscription);

        // So many that some wait all the time.
        await _world.AcceptIntoLaneAsync(subscription, count: (int)(perSecond * 180));

        // A machine that has no time for a while sends less in it, and must not send more for that afterwards: what is waited
        // for is one span of ten seconds in which it had the time.
        List<int> counts = [0];
        var enough = (int)Math.Floor(perSecond * 9.8);
        await Eventually.TrueAsync(
            async () => (counts = CountsInTenSeconds(await StartsAsync())).Max() >= enough,
            TimeSpan.FromMinutes(3), () => $"{enough} in ten seconds; there were {counts.Max()} at most");
        counts = CountsInTenSeconds(await StartsAsync());
        output.WriteLine($"At {perSecond} a second: {counts.Max()} at most in ten seconds, in {counts.Count} spans.");
        Assert.InRange(counts.Max(), enough, (int)Math.Round(perSecond * 10.2));
    }

    [Fact]
    public async Task Should_keep_the_slowest_rate()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var subscription = await _world.SubscribeAsync(World.SettingsFor(receiver.Url, "*") with { RateLimit = 0.01 });
        var other = await _world.SubscribeAsync(World.SettingsFor(receiver.Url, "*") with { RateLimit = 10_000 });
        var begun = await _world.LeasesBegunAsync();
        var (_, fence) = await _world.HeldAsync(subscription);

        // A lane nobody has served yet has no rate to keep up with: the first goes at once, the second a hundred seconds later.
        await _world.AcceptIntoLaneAsync(subscription, count: 2);
        await _world.AcceptIntoLaneAsync(other, count: 500);

        await _world.HaveStatusAsync("delivered", 501);
        Assert.Equal(1, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM attempts AS attempt JOIN deliveries AS delivery ON delivery.id = attempt.delivery_id WHERE subscription_id = $1", subscription.Id));
        // One that a busy machine let lose its lease has lost its lanes, and has another lease since.
        Assert.True((await _world.HeldAsync(subscription)).Fence == fence || await _world.LeasesBegunAsync() > begun, "The lane has changed hands.");
    }

    [Fact]
    public async Task Should_hand_lanes_to_those_who_come_and_go_and_lose_nothing_and_keep_to_what_may_be_in_flight()
    {
        const int MostInFlight = 3;
        // Longer than it takes to hand a lane over: what the former holder had in flight would be so still.
        await using var receiver = await TestReceiver.StartAsync(_ => Answer.Ok with { Delay = TimeSpan.FromSeconds(1) });
        var subscriptions = new List<Subscription>();
        for (var count = 0; count < 12; count++)
        {
            subscriptions.Add(await _world.SubscribeAsync(World.SettingsFor($"{receiver.Url}/{count}", "*") with { MaxInFlight = MostInFlight }));
        }

        foreach (var subscription in subscriptions)
        {
            await _world.HeldAsync(subscription);
        }

        // To the end: a lane in which nothing is in flight is handed over whatever its limit.
        using var enough = new CancellationTokenSource();
        var filling = FillAsync(subscriptions, receiver, enough.Token);
        await receiver.WaitForAsync(50);
        // Stops as SIGTERM does: it gives back what it holds.
        var comer = await _world.StartDispatcherAsync();
        await Eventually.TrueAsync(() => AreWithTheChosenAsync(dispatchers: 4), World.Limit, "every lane to be with the chosen one of four");
        // It has something in flight of each of its lanes, and so have the others.
        await receiver.WaitForAsync(receiver.Count + (2 * 12 * 5), World.Limit);
        await comer.DisposeAsync();
        await Eventually.TrueAsync(() => AreWithTheChosenAsync(dispatchers: 3), World.Limit, "every lane to be with the chosen one of three");
        await enough.CancelAsync();
        var accepted = await filling;

        await _world.EndedAsync();
        // One that a busy machine let lose its lease has another one since. What it had in flight of its lanes was so still, and came twice.
        var lost = (int)await _world.LeasesBegunAsync() - _dispatchers.Count - 1;
        var most = (await _world.AttemptsAsync()).GroupBy(attempt => attempt.Url).Select(MostAtOnce).ToList();
        Assert.All(most, count => Assert.InRange(count, 1, MostInFlight * (1 + lost)));
        Assert.Contains(most, count => count >= MostInFlight);
        Assert.InRange(receiver.Count - accepted, 0, lost * MostInFlight * subscriptions.Count);
        Assert.Equal(accepted, receiver.Requests.Select(TestEvent.IdOf).Distinct().Count());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var dispatcher in _dispatchers)
        {
            await dispatcher.DisposeAsync();
        }

        await _world.DisposeAsync();
    }

    // By the attempts' own records: what arrives late on a busy machine was sent in time.
    private async Task<List<DateTime>> StartsAsync() => [.. await _world.Database.ColumnAsync<DateTime>("SELECT started_at FROM attempts ORDER BY started_at")];

    /// <summary>How many starts there are in the ten seconds from each on.</summary>
    private static List<int> CountsInTenSeconds(List<DateTime> starts)
    {
        var counts = new List<int> { 0 };
        for (var (first, end) = (0, 0); first < starts.Count; first++)
        {
            while (end < starts.Count && starts[end] < starts[first].AddSeconds(10))
            {
                end++;
            }

            counts.Add(end - first);
        }

        return counts;
    }

    private async Task<bool> AreWithTheChosenAsync(int dispatchers)
    {
        var alive = await _world.Database.ColumnAsync<long>("SELECT id FROM dispatchers");
        var lanes = await _world.Database.ColumnAsync<Guid>("SELECT subscription_id FROM lanes ORDER BY subscription_id");
        var holders = await _world.Database.ColumnAsync<long>("SELECT coalesce(holder, 0) FROM lanes ORDER BY subscription_id");
        return alive.Count == dispatchers && lanes.Zip(holders).All(lane => lane.Second == Rendezvous.Choose(lane.First, alive));
    }

    /// <summary>Gives each lane a few more whenever all are on their way or have arrived; answers how many it were.</summary>
    private async Task<int> FillAsync(IReadOnlyList<Subscription> subscriptions, TestReceiver receiver, CancellationToken enough)
    {
        var accepted = 0;
        while (!enough.IsCancellationRequested)
        {
            foreach (var subscription in subscriptions)
            {
                accepted += (await _world.AcceptIntoLaneAsync(subscription, count: 5)).Count;
            }

            await Eventually.TrueAsync(() => receiver.Count >= accepted, World.Limit, $"{accepted} requests");
        }

        return accepted;
    }

    private static int MostAtOnce(IEnumerable<RecordedAttempt> attempts)
    {
        var all = attempts.ToList();
        return all.Max(one => all.Count(other => other.StartedAt <= one.StartedAt && other.EndedAt > one.StartedAt));
    }
}
