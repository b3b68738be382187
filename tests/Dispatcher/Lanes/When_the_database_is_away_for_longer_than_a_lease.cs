using System.Diagnostics;
using Webhooks.Dispatcher.Lanes.Leases;
using Webhooks.Dispatcher.Tests.Lanes.Ordering;
using Webhooks.Local.Processes;
using Webhooks.Local.Provisioning;
using Webhooks.Subscriptions;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes;

/// <summary>Everybody is alive, and every lease runs out. Each dispatcher is a process of its own, PostgreSQL is the test's own.</summary>
public sealed class When_the_database_is_away_for_longer_than_a_lease(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Dispatchers = 3;
    private const int LanesOfEachKind = 4;
    private const int Keys = 20;

    // A dispatcher to which a busy machine gives no time for a whole term loses its lanes, and rightly. In one of these that does not happen.
    private const int Outages = 3;

    private readonly List<ServiceChild> _dispatchers = [];
    private OwnedDirectory _directory = null!;
    private PostgresServer _postgres = null!;
    private World _world = null!;
    private TestReceiver _receiver = null!;

    public async ValueTask InitializeAsync()
    {
        _directory = await TestDirectory.CreateOwnedAsync("postgres");
        // Durable: what it has committed is not lost with it.
        _postgres = await PostgresServer.StartAsync(_directory);
        _world = await World.CreateAsync(await _postgres.CreateDatabaseAsync("leases"));
        // So slow that many answers come when nobody can record them.
        _receiver = await TestReceiver.StartAsync(_ => Answer.Ok with { Delay = TimeSpan.FromMilliseconds(400) });
        for (var started = 0; started < Dispatchers; started++)
        {
            _dispatchers.Add(await _world.StartChildAsync());
        }
    }

    [Fact]
    public async Task Should_leave_each_lane_with_its_holder_and_send_nothing_twice()
    {
        var rated = new List<Subscription>();
        var ordered = new List<Subscription>();
        for (var lane = 0; lane < LanesOfEachKind; lane++)
        {
            rated.Add(await _world.SubscribeAsync(World.SettingsFor(_receiver.Url, "*") with { RateLimit = 100 }));
            ordered.Add(await _world.SubscribeInOrderAsync(_receiver.Url));
        }

        await Eventually.TrueAsync(async () => (await HoldersAsync()).Count == 2 * LanesOfEachKind, World.Limit, "every lane to be held");
        var kept = false;
        for (var number = 0; number < Outages && !kept; number++)
        {
            var (holders, before) = (await HoldersAsync(), _receiver.Count);
            await AcceptAsync(rated, ordered);
            await _receiver.WaitForAsync(before + 300);

            await OutageAsync();

            await _world.EndedAsync();
            var changed = holders.Except(await HoldersAsync()).Count();
            var copies = _receiver.Requests.Skip(before).CountBy(TestEvent.IdOf).ToList();
            output.WriteLine($"{changed} of {holders.Count} lanes changed hands, and {copies.Count(copy => copy.Value > 1)} of {copies.Count} arrived twice.");
            kept = changed == 0;
            if (kept)
            {
                // What is on the wire when a lane changes hands may come twice.
                Assert.All(copies, copy => Assert.Equal(1, copy.Value));
            }
        }

        Assert.True(kept, "Lanes changed hands in each outage.");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var dispatcher in _dispatchers)
        {
            await dispatcher.DisposeAsync();
        }

        await _receiver.DisposeAsync();
        await _world.DisposeAsync();
        await _postgres.DisposeAsync();
        _directory.Dispose();
    }

    private async Task AcceptAsync(IReadOnlyList<Subscription> rated, IReadOnlyList<Subscription> ordered)
    {
        foreach (var subscription in rated)
        {
            await _world.AcceptIntoLaneAsync(subscription, count: 300);
        }

        foreach (var subscription in ordered)
        {
            await _world.AcceptInLaneAsync(subscription, [.. Enumerable.Range(0, 200).Select(number => $"key_{number % Keys}")]);
        }
    }

    private async Task OutageAsync()
    {
        await _postgres.KillAsync();
        var outage = Stopwatch.StartNew();
        await Eventually.TrueAsync(() => outage.Elapsed > Lease.Term * 2, World.Limit, "an outage that is long enough");
        await _postgres.RestartAsync();
        _world.Database.Clear();
    }

    /// <summary>Each lane that is held, with the number of its holding.</summary>
    private Task<IReadOnlyList<string>> HoldersAsync() =>
        _world.Database.ColumnAsync<string>("SELECT subscription_id || ' ' || fence FROM lanes WHERE holder IS NOT NULL ORDER BY subscription_id");
}
