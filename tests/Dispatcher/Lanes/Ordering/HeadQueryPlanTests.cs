using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Webhooks.Dispatcher.Lanes;
using Webhooks.Dispatcher.Lanes.Ordering;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Ordering;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes.Ordering;

/// <summary>However many wait behind the head of a key, finding the heads walks none of them.</summary>
public sealed partial class HeadQueryPlanTests : IAsyncLifetime
{
    private const int Keys = 50;
    private const int Waiting = 20_000;

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Finding_heads_takes_one_step_a_key()
    {
        _world.Postgres.PersistSecurityInfo = true;
        var dispatcher = await _world.StartDispatcherAsync();
        // Paused: the dispatcher holds the lane and reads nothing of it.
        var subscription = await _world.SubscribeAsync(
            World.Tenant, SubscriptionState.Paused, Surroundings.SettingsFor("https://receiver.example/", "*") with { OrderingKey = OrderingKey.Parse("/data/id") });
        var (holder, fence) = await _world.HeldAsync(subscription);
        await _world.Database.ExecuteAsync(
            """
            INSERT INTO deliveries (created_at, id, tenant_id, event_id, event_type, subscription_id, revision, lane_due_at, ordering_key)
            SELECT now() + place * interval '1 microsecond', gen_random_uuid(), 't', 'evt_' || place, 'a.b', $1, 1,
                   now() + CASE WHEN place <= $2 THEN interval '1 hour' ELSE interval '0' END, CASE WHEN place <= $2 THEN place ELSE 1 END
            FROM generate_series(1, $3) AS place
            """,
            subscription.Id, Keys, Keys + Waiting);
        await using var plans = QueryPlans.Of(dispatcher.Services.GetRequiredService<NpgsqlDataSource>().ConnectionString);
        var store = new HeadStore(plans.Database);

        // More than once: from its second use on a statement is prepared, and may be planned otherwise.
        for (var round = 0; round < 8; round++)
        {
            FoundHeads? found = null;
            var finding = await plans.DuringAsync(async () => found = await store.FindAsync(
                new HeldLane(subscription.Id, holder, fence, TimeSpan.Zero), new HeadSearch([1, 2, 99], long.MinValue, Limit: 500, LooseLimit: 500), CancellationToken.None));

            Assert.Equal(Enumerable.Range(1, Keys).Select(key => (long)key), found!.Next.Select(head => head.Key));
            Assert.Equal([1, 2], found.Asked.Select(head => head.Key).Order());
            Assert.All(found.Next.Concat(found.Asked), head => Assert.True(head.Entry.WaitsFor > TimeSpan.FromMinutes(50)));
            Assert.Empty(found.Loose);
            var headed = finding.Where(plan => plan.Contains("deliveries", StringComparison.Ordinal)).ToList();
            Assert.Equal(3, headed.Count);
            Assert.All(headed, plan => Assert.Empty(QueryPlans.Scanned(plan)));
            Assert.All(headed, plan => Assert.InRange(MostRows(plan), 0, Keys));
        }
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static int MostRows(string plan) => Rows().Matches(plan).Max(match => int.Parse(match.Groups[1].Value + match.Groups[2].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"actual rows=(\d+)|Rows Removed by \w+: (\d+)")]
    private static partial Regex Rows();
}
