using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Webhooks.Broker.Deliveries;
using Webhooks.Database.Deliveries;
using Webhooks.Dispatcher.Attempts;
using Webhooks.Dispatcher.Cancellation;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.DuePolling;
using Webhooks.Dispatcher.Owed;
using Webhooks.Dispatcher.Rollups;
using Webhooks.Dispatcher.Replays;
using Webhooks.Dispatcher.Tests.Replays;
using Webhooks.Sending;
using Webhooks.Subscriptions.Rendering;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Deliveries;

/// <summary>The dispatcher's statements find rows by key in the one partition that has them, in a database of nine days.</summary>
public sealed class DispatchQueryPlanTests : IAsyncLifetime
{
    private World _world = null!;
    private QueryPlans _plans = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _world.Postgres.PersistSecurityInfo = true;
        var dispatcher = await _world.StartDispatcherAsync();
        _plans = QueryPlans.Of(dispatcher.Services.GetRequiredService<NpgsqlDataSource>().ConnectionString);
        // A first connection reads the types, with plans of its own.
        await _plans.Database.ExecuteAsync("SELECT 1");
    }

    // More than once, each: from its second use on a statement is prepared, and may be planned otherwise.
    [Fact]
    public async Task Looking_and_recording_walk_through_no_table_and_visit_one_day()
    {
        var subscription = await _world.SubscribeAsync("https://receiver.example/");
        var (deliveries, attempts, cancels) = (new DeliveryStore(_plans.Database), Stores.Attempts(_plans.Database), new CancelStore(_plans.Database));
        for (var round = 0; round < 8; round++)
        {
            var accepted = await _world.AcceptAsync(subscription, count: 100);
            LookedUp found = null!;
            var looking = await _plans.DuringAsync(async () => found = await deliveries.LookUpAsync(
                [.. accepted.Select(delivery => new DeliveryMessage(delivery.Id, delivery.CreatedAt, 1, delivery.CreatedAt, Traceparent: null))], CancellationToken.None));
            Assert.Equal(100, found.Rows.Count);
            var recording = await _plans.DuringAsync(async () => Assert.DoesNotContain(
                false, await attempts.RecordAsync([.. found.Rows.Values.Select(FailedOnce)], CancellationToken.None)));
            var handing = await _plans.DuringAsync(async () => Assert.Equal(100, await deliveries.HandToPollerAsync(
                [.. accepted.Select(delivery => new Handed(delivery.Id, delivery.CreatedAt, LastAttempt: 1))], CancellationToken.None)));
            var canceling = await _plans.DuringAsync(async () => Assert.Equal(100, await cancels.CancelAsync(
                [.. accepted.Select(delivery => new DeliveryKey(delivery.CreatedAt, delivery.Id))], CancellationToken.None)));

            AssertNothingIsScanned(looking);
            AssertNothingIsScanned(recording);
            AssertNothingIsScanned([.. handing, .. canceling]);
            var look = Assert.Single(looking, plan => plan.Contains("JOIN events", StringComparison.Ordinal));
            Assert.Equal(["deliveries", "events"], QueryPlans.Visited(look).Select(partition => partition[..^9]).Order());
            Assert.Single(QueryPlans.Visited(Assert.Single(recording, plan => plan.Contains("UPDATE deliveries", StringComparison.Ordinal))));
            Assert.All(handing.Concat(canceling), plan => Assert.Single(QueryPlans.Visited(plan)));
        }
    }

    [Fact]
    public async Task Polling_and_clearing_walk_through_no_table()
    {
        var subscription = await _world.SubscribeAsync("https://receiver.example/");
        await _world.AcceptAsync(subscription, count: 1_000);
        var store = new DueStore(_plans.Database);
        for (var round = 0; round < 8; round++)
        {
            // Neither due for the dispatcher, which polls too, nor for now().
            var accepted = await _world.AcceptAsync(subscription, count: 20);
            IReadOnlyList<DueDelivery> due = [.. accepted.Select(delivery => new DueDelivery(delivery.Id, delivery.CreatedAt, subscription.Id, 1, delivery.CreatedAt.AddDays(1)))];
            await Task.WhenAll(due.Select(delivery => _world.MakeDueAsync(accepted.Single(one => one.Id == delivery.Id), delivery.DueAt)));

            var polling = await _plans.DuringAsync(async () => Assert.Empty(await store.FindDueAsync(1_000, CancellationToken.None)));
            var clearing = await _plans.DuringAsync(() => store.ClearAsync(due, TimeProvider.System.GetUtcNow().AddDays(1), CancellationToken.None));

            AssertNothingIsScanned([.. polling, .. clearing]);
            Assert.Single(QueryPlans.Visited(Assert.Single(clearing)));
            Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL"));
        }
    }

    // A replay or an outage makes many due long before PostgreSQL counts its rows again.
    [Fact]
    public async Task Many_that_became_due_since_the_last_statistics_are_read_in_order_and_cleared_by_their_keys()
    {
        var subscription = await _world.SubscribeAsync("https://receiver.example/");
        var counted = (await _world.AcceptAsync(subscription, count: 1_000))[0];
        var tomorrow = counted.CreatedAt.AddDays(1);
        await _world.MakeDueAsync(counted, tomorrow);
        await _world.Database.ExecuteAsync("ANALYZE deliveries");
        var accepted = await _world.AcceptAsync(subscription, count: 3_000);
        await _world.Database.ExecuteAsync(
            "UPDATE deliveries SET last_attempt = 1, next_attempt_at = $1, due_at = $1 WHERE created_at = ANY ($2)", tomorrow.UtcDateTime,
            accepted.Select(delivery => delivery.CreatedAt.UtcDateTime).ToArray());
        var store = new DueStore(_plans.Database);
        foreach (var due in accepted.Select(delivery => new DueDelivery(delivery.Id, delivery.CreatedAt, subscription.Id, 1, tomorrow)).Chunk(500))
        {
            var polling = await _plans.DuringAsync(async () => Assert.Empty(await store.FindDueAsync(500, CancellationToken.None)));
            var clearing = await _plans.DuringAsync(() => store.ClearAsync(due, tomorrow, CancellationToken.None));

            Assert.DoesNotContain(polling, plan => plan.Contains("Sort  (", StringComparison.Ordinal) || plan.Contains("Bitmap", StringComparison.Ordinal));
            Assert.DoesNotContain(clearing, plan => plan.Contains("_due_at_idx", StringComparison.Ordinal));
        }

        Assert.Equal(1, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL"));
    }

    [Fact]
    public async Task Finding_what_is_owed_walks_through_no_table_and_sorts_nothing()
    {
        var subscription = await _world.SubscribeAsync("https://receiver.example/");
        await _world.AcceptAsync(subscription, count: 1_000);
        var (store, sweep) = (new OwedStore(_plans.Database), new FirstAttemptSweep(_plans.Database));
        for (var round = 0; round < 8; round++)
        {
            var accepted = await _world.AcceptAsync(subscription, count: 300);
            var start = new DeliveryKey(accepted[0].CreatedAt, Guid.Empty);
            var sweeping = await _plans.DuringAsync(async () => Assert.Equal(
                200, (await sweep.LookAsync(start, accepted[^1].CreatedAt.AddMilliseconds(1), limit: 200, CancellationToken.None)).Owed.Count));
            // Not lost for the dispatcher, which looks, too.
            var lostBefore = accepted[0].CreatedAt.AddDays(1);
            await _world.Database.ExecuteAsync(
                "UPDATE deliveries SET last_attempt = 1, next_attempt_at = $1 WHERE created_at = ANY ($2)", lostBefore.AddSeconds(-1).UtcDateTime,
                accepted.Take(100).Select(delivery => delivery.CreatedAt.UtcDateTime).ToArray());
            IReadOnlyList<OwedDelivery> owed = [];
            var finding = await _plans.DuringAsync(async () => owed = await store.FindAwaitedAsync(lostBefore, TimeSpan.FromMinutes(1), limit: 50, CancellationToken.None));
            var counting = await _plans.DuringAsync(() => store.CountUnderWayAsync(lostBefore, most: 1_000, CancellationToken.None));
            var handing = await _plans.DuringAsync(() => store.HandToPollerAsync(owed, CancellationToken.None));

            AssertNothingIsScanned([.. sweeping, .. finding, .. counting, .. handing]);
            Assert.DoesNotContain(finding, plan => plan.Contains("Sort  (", StringComparison.Ordinal));
            Assert.Single(QueryPlans.Visited(Assert.Single(sweeping, plan => plan.Contains("AS MATERIALIZED", StringComparison.Ordinal))));
            Assert.Single(QueryPlans.Visited(Assert.Single(handing, plan => plan.Contains("UPDATE deliveries", StringComparison.Ordinal))));
        }
    }

    [Fact]
    public async Task Canceling_walks_through_no_table()
    {
        await _world.AcceptAsync(await _world.SubscribeAsync("https://receiver.example/"), count: 1_000);
        var store = new CancelStore(_plans.Database);
        for (var round = 0; round < 8; round++)
        {
            var subscription = await _world.SubscribeAsync("https://receiver.example/");
            await _world.AcceptAsync(subscription, count: 20);
            var intent = new CancelIntent(subscription.Id, TimeProvider.System.GetUtcNow().AddSeconds(1));

            var finding = await _plans.DuringAsync(() => store.FindIntentsAsync(CancellationToken.None));
            var canceling = await _plans.DuringAsync(async () =>
            {
                var last = await store.CancelAsync(intent, after: null, 1_000, CancellationToken.None);
                Assert.NotNull(last);
                Assert.Null(await store.CancelAsync(intent, last, 1_000, CancellationToken.None));
            });
            Assert.Equal(20, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE subscription_id = $1 AND status = 'canceled'", subscription.Id));

            AssertNothingIsScanned([.. finding, .. canceling]);
            // What walks may walk for minutes, and must hold up nobody's record.
            var walks = canceling.Where(plan => plan.Contains("Limit  (", StringComparison.Ordinal) && plan.Contains("subscription_id = ", StringComparison.Ordinal)).ToList();
            Assert.Equal(2, walks.Count);
            Assert.DoesNotContain(walks, plan => plan.Contains("LockRows", StringComparison.Ordinal) || plan.Contains("Update on", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Replaying_and_looking_at_replays_walk_through_no_table()
    {
        var subscription = await _world.SubscribeAsync("https://receiver.example/");
        var store = new ReplayStore(_plans.Database);
        var deliveries = new DeliveryStore(_plans.Database);
        for (var round = 0; round < 8; round++)
        {
            await _world.AcceptAsync(subscription, count: 200);
            await Intended.EndYesterdayAsync(_world, $"{(round % 2 == 0 ? "failed" : "exhausted")}");
            // The leader, which works beside, must not take it.
            var replay = await Intended.AsyncOf(_world, subscription, ["failed", "exhausted"], held: true);

            var finding = await _plans.DuringAsync(() => store.FindReadyAsync(50, CancellationToken.None));
            RunningReplay? advanced = null;
            var advancing = await _plans.DuringAsync(async () => advanced = await store.AdvanceAsync(replay.Id, 100, CancellationToken.None));
            Assert.Equal(100, advanced!.Done);
            // Advanced, it is the leader's to go on with, which would make more between the next two statements.
            await replay.CancelAsync();
            var made = await _world.Database.ColumnAsync<Guid>("SELECT id FROM deliveries WHERE replay_of IS NOT NULL ORDER BY seq DESC LIMIT 100");
            var moments = await _world.Database.ColumnAsync<DateTime>("SELECT created_at FROM deliveries WHERE replay_of IS NOT NULL ORDER BY seq DESC LIMIT 100");
            LookedUp found = null!;
            var looking = await _plans.DuringAsync(async () => found = await deliveries.LookUpAsync(
                [.. made.Zip(moments, (id, at) => new DeliveryMessage(id, at, 1, at, Traceparent: null))], CancellationToken.None));

            Assert.All(found.Rows.Values, row => Assert.False(row.EventIsGone));
            Assert.All(finding.Concat(advancing).Concat(looking), plan => Assert.Empty(QueryPlans.Scanned(plan).Except(["settings", "subscriptions"])));
            Assert.DoesNotContain(advancing, plan => plan.Contains("Sort  (", StringComparison.Ordinal));
            Assert.Equal(100, found.Rows.Count);
            // The ordinary look stays within its day; the events are looked for in theirs.
            Assert.True(looking.Count(plan => plan.Contains("LEFT JOIN events", StringComparison.Ordinal)) == 1, string.Join("\n\n", looking));
            Assert.Single(QueryPlans.Visited(looking.Single(plan => plan.Contains("LEFT JOIN events", StringComparison.Ordinal))), partition => partition.StartsWith("deliveries", StringComparison.Ordinal));
            Assert.Single(QueryPlans.Visited(looking.Single(plan => plan.Contains("AS key (created_at, tenant_id", StringComparison.Ordinal))));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _plans.DisposeAsync();
        await _world.DisposeAsync();
    }

    private static void AssertNothingIsScanned(IReadOnlyList<string> plans)
    {
        Assert.NotEmpty(plans);
        Assert.All(plans, plan => Assert.Empty(QueryPlans.Scanned(plan).Except(["settings"])));
        // A row that is found by its key is compared with no other one.
        Assert.All(plans, plan => Assert.DoesNotContain("Rows Removed by Join Filter", plan, StringComparison.Ordinal));
    }

    private static FinishedAttempt FailedOnce(DeliveryRow delivery) => new()
    {
        Delivery = delivery,
        Number = 1,
        Request = new WebhookRequest("tenant_001", "https://receiver.example/", default, [], TimeSpan.FromSeconds(5)),
        Result = new SendResult { Outcome = AttemptOutcome.ServerError, StatusCode = 503, StartedAt = delivery.CreatedAt, Duration = TimeSpan.FromMilliseconds(3) },
        Next = new NextStep.Retry(TimeSpan.FromSeconds(5), Brokered: true),
        NextAttemptAt = delivery.CreatedAt.AddSeconds(5),
        TraceId = null,
    };
}
