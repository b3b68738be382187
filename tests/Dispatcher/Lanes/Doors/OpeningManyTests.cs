using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Health;
using Webhooks.Subscriptions.Health;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes.Doors;

/// <summary>Hundreds of lanes that are to be opened at the same moment, because a network is down, take nothing from other work.</summary>
public sealed class OpeningManyTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task They_leave_connections_to_others_and_look_like_no_outage()
    {
        const int Many = 300;
        var subscriptions = await _world.SubscribeAsync(World.Tenant, World.SettingsFor("https://receiver.example/", "*"), Many);
        var dispatcher = await _world.StartDispatcherAsync();
        var closed = false;
        dispatcher.Services.GetRequiredService<DatabaseGate>().Closed += () => closed = true;

        await using (await _world.Database.HoldAsync("UPDATE settings SET value = value WHERE name = 'config_version'"))
        {
            // Somebody's change of the configuration is not committed yet, and all openings wait for it.
            dispatcher.Services.GetRequiredService<HealthLanes>().Open([.. subscriptions.Select(subscription => Opened(subscription.Id))]);
            await Eventually.TrueAsync(async () => await WaitingAsync() > 0, World.Limit, "an opening that waits");

            await using var others = dispatcher.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand("SELECT count(*) FROM deliveries");
            Assert.Equal(0L, await others.ExecuteScalarAsync());
            Assert.Equal(1, await WaitingAsync());
        }

        await Eventually.TrueAsync(async () => await _world.LanesAsync() == Many, World.Limit, "all lanes to be open");
        Assert.False(closed);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static ChangedHealth Opened(Guid subscriptionId) => new(
        new HealthGroup(subscriptionId, World.Tenant, []), EndpointHealth.Unknown, new EndpointHealth { State = HealthState.Open });

    private Task<long> WaitingAsync() => _world.Database.ScalarAsync<long>(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%config_version%'");
}
