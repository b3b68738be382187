using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Webhooks.Publisher.FanOut;
using Webhooks.Subscriptions.Caching;
using Webhooks.Subscriptions.Events;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests.FanOut;

/// <summary>The fan-out's statements find rows by key in the one partition that has them, in a database of nine days.</summary>
public sealed class FanOutQueryPlanTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Accepting_and_finding_again_walk_through_no_table()
    {
        await _world.SubscribeAsync("*");
        _world.Postgres.PersistSecurityInfo = true;
        var publisher = await _world.StartPublisherAsync();
        await using var plans = QueryPlans.Of(publisher.Services.GetRequiredService<NpgsqlDataSource>().ConnectionString);
        var store = new FanOutStore(plans.Database, publisher.Services.GetRequiredService<SubscriptionCache>());

        // More than once: from its second use on a statement is prepared, and may be planned otherwise.
        for (var round = 0; round < 8; round++)
        {
            var events = Enumerable.Range(0, 100).Select(number => Event($"evt_{round}_{number}")).ToList();
            var accepting = await plans.DuringAsync(() => store.AcceptAsync(events, CancellationToken.None));
            var finding = await plans.DuringAsync(async () => Assert.Equal(100, (await store.FindUnattemptedAsync(events, CancellationToken.None)).Count));

            Assert.All(accepting.Concat(finding), plan => Assert.Empty(QueryPlans.Scanned(plan).Except(["settings"])));
            var found = Assert.Single(finding, plan => plan.Contains("deliveries", StringComparison.Ordinal));
            Assert.Equal(2, QueryPlans.Visited(found).Count());
        }
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static AcceptedEvent Event(string id) => new()
    {
        Id = id,
        Type = "a.b",
        TenantId = World.Tenant,
        Timestamp = "2024-01-20T10:30:00Z",
        Version = "1.0",
        Data = "{}"u8.ToArray(),
    };
}
