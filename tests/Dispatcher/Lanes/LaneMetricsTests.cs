using Microsoft.Extensions.DependencyInjection;
using Webhooks.Dispatcher.Lanes.Leases;
using Webhooks.Subscriptions;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes;

public sealed class LaneMetricsTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task The_sum_over_all_dispatchers_is_what_is_open()
    {
        (string, string) soon = ("Webhooks:Lanes:IdleTime", "00:00:00.2");
        var (staying, leaving) = (await _world.StartDispatcherAsync(soon), await _world.StartDispatcherAsync(soon));
        using var atStaying = OpenLanes.Of(staying);
        using var atLeaving = OpenLanes.Of(leaving);
        await ShowAsync(() => atStaying.Now + atLeaving.Now, 0);
        var paused = new List<Subscription>();
        for (var count = 0; count < 8; count++)
        {
            paused.Add(await _world.SubscribeAsync(World.Tenant, SubscriptionState.Paused, World.SettingsFor("https://receiver.example/", "*")));
            await _world.HeldAsync(paused[^1]);
        }

        // Each tells of those that it holds.
        await Eventually.TrueAsync(
            async () => atStaying.Now + atLeaving.Now == 8 && atStaying.Now == await HeldByAsync(staying) && atLeaving.Now == await HeldByAsync(leaving),
            World.Limit, () => $"all open lanes to be told of; there were {atStaying.Now} and {atLeaving.Now}");

        await leaving.DisposeAsync();
        await ShowAsync(() => atStaying.Now, 8);

        foreach (var subscription in paused.Take(3))
        {
            await _world.ChangeAsync(subscription, current => current with { State = SubscriptionState.Active });
        }

        await ShowAsync(() => atStaying.Now, 5);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static Task ShowAsync(Func<int> told, int expected) =>
        Eventually.TrueAsync(() => told() == expected, World.Limit, () => $"the metric to show {expected}; it showed {told()}");

    private Task<long> HeldByAsync(ServiceHost dispatcher) => _world.Database.ScalarAsync<long>(
        "SELECT count(*) FROM lanes WHERE holder = $1", dispatcher.Services.GetRequiredService<Lease>().Id);
}
