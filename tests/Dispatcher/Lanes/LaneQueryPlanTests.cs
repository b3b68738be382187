using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Webhooks.Database.Deliveries;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.DuePolling;
using Webhooks.Dispatcher.Lanes;
using Webhooks.Subscriptions;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes;

/// <summary>A lane's statements read what they need and no more, however many deliveries wait in it.</summary>
public sealed class LaneQueryPlanTests : IAsyncLifetime
{
    private const int Backlog = 20_000;

    private World _world = null!;
    private QueryPlans _plans = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _world.Postgres.PersistSecurityInfo = true;
        var dispatcher = await _world.StartDispatcherAsync();
        _plans = QueryPlans.Of(dispatcher.Services.GetRequiredService<NpgsqlDataSource>().ConnectionString);
    }

    // More than once, each: from its second use on a statement is prepared, and may be planned otherwise.
    [Fact]
    public async Task Finding_the_first_ones_reads_no_more_than_it_finds()
    {
        // Paused, so that the dispatcher beside, which holds it, reads nothing.
        var subscription = await PausedAsync();
        await FillAsync(subscription);
        var (holder, fence) = await _world.HeldAsync(subscription);
        var lane = new HeldLane(subscription.Id, holder, fence, SendsAfter: null);
        var store = new LaneStore(_plans.Database);
        for (var round = 0; round < 8; round++)
        {
            var finding = await _plans.DuringAsync(async () => Assert.Equal(201, (await store.FindFirstAsync(lane, 201, CancellationToken.None))!.Count));

            Assert.All(finding, plan => Assert.Empty(QueryPlans.Scanned(plan)));
            var entries = Assert.Single(finding, plan => plan.Contains("deliveries", StringComparison.Ordinal));
            // In order by the index: nothing is read to be sorted, but for the merging of days.
            Assert.DoesNotContain("Sort  (", entries, StringComparison.Ordinal);
            Assert.Contains("lane_due_at", entries, StringComparison.Ordinal);
        }

        Assert.Null(await store.FindFirstAsync(lane with { Fence = fence + 1 }, 1, CancellationToken.None));
    }

    [Fact]
    public async Task The_due_poller_meets_no_delivery_of_a_lane()
    {
        var subscription = await PausedAsync();
        await FillAsync(subscription);
        var store = new DueStore(_plans.Database);
        for (var round = 0; round < 8; round++)
        {
            var polling = await _plans.DuringAsync(async () => Assert.Empty(await store.FindDueAsync(1_000, CancellationToken.None)));

            var plan = Assert.Single(polling, plan => plan.Contains("due_at <= now()", StringComparison.Ordinal));
            Assert.Empty(QueryPlans.Scanned(plan));
            Assert.DoesNotContain("Rows Removed", plan, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Putting_in_walks_through_no_table_and_visits_one_day()
    {
        var subscription = await PausedAsync();
        await FillAsync(subscription);
        using var gate = new DatabaseGate(_plans.Database, TimeProvider.System, NullLogger<DatabaseGate>.Instance);
        var intake = new LaneIntake(_plans.Database, gate);
        for (var round = 0; round < 8; round++)
        {
            var accepted = await _world.AcceptAsync(subscription, count: 100);

            var entering = await _plans.DuringAsync(async () => Assert.DoesNotContain(false, await intake.EnterAsync([.. accepted.Select(Rows.Of)], CancellationToken.None)));

            Assert.All(entering, plan => Assert.Empty(QueryPlans.Scanned(plan)));
            Assert.Single(QueryPlans.Visited(Assert.Single(entering, plan => plan.Contains("UPDATE deliveries", StringComparison.Ordinal))));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _plans.DisposeAsync();
        await _world.DisposeAsync();
    }

    private Task<Subscription> PausedAsync() =>
        _world.SubscribeAsync(World.Tenant, SubscriptionState.Paused, World.SettingsFor("https://receiver.example/", "*"));

    private Task FillAsync(Subscription subscription) => _world.AcceptIntoLaneAsync(subscription, Backlog);
}
