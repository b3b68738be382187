using Webhooks.Local.Processes;
using Webhooks.Local.Provisioning;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests.Outages;

/// <summary>The order of acceptance is the order in the queue, whatever becomes of the database.</summary>
public sealed class When_PostgreSQL_is_killed : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private OwnedDirectory _directory = null!;
    private PostgresServer _postgres = null!;
    private World _world = null!;

    public async ValueTask InitializeAsync()
    {
        _directory = await TestDirectory.CreateOwnedAsync("postgres");
        // Durable: what it has committed is not lost with it.
        _postgres = await PostgresServer.StartAsync(_directory);
        _world = await World.CreateAsync(await _postgres.CreateDatabaseAsync("ordered"));
        await _world.SubscribeAsync("*");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Should_accept_the_events_in_the_order_in_which_they_stood_in_the_queue(int publishers)
    {
        for (var consumers = 1; consumers <= publishers; consumers++)
        {
            await _world.StartPublisherAsync();
            await Eventually.TrueAsync(async () => await _world.ConsumersAsync() == consumers, Limit, "the publisher to consume");
        }

        var neighbour = OrderlyNeighbour.Of(_world);
        for (var kills = 0; kills < 2; kills++)
        {
            var before = await AcceptedAsync();
            await Eventually.TrueAsync(async () => await AcceptedAsync() > before + 100, Limit, "events to be accepted");
            await _postgres.KillAsync();
            // Every event that comes meanwhile may be on its way to a publisher that has seen the outage.
            var published = neighbour.Published;
            await Eventually.TrueAsync(() => neighbour.Published > published + 200, Limit, "more events");
            await _postgres.RestartAsync();
            _world.Database.Clear();
        }

        await neighbour.StopAsync(more: 100);
        await neighbour.AssertAcceptedInOrderAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _world.DisposeAsync();
        await _postgres.DisposeAsync();
        _directory.Dispose();
    }

    private Task<long> AcceptedAsync() => _world.Database.ScalarAsync<long>("SELECT count(*) FROM event_keys");
}
