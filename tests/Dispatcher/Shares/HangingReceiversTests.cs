using Webhooks.Broker.Deliveries;
using Webhooks.Contracts;
using Webhooks.Subscriptions;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Shares;

/// <summary>Receivers that hang take half of a dispatcher's slots at most, however many they are and whatever they are sent.</summary>
public sealed class HangingReceiversTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Theory]
    [InlineData(1, 2_500, 1)]
    [InlineData(50, 50, 1)]
    [InlineData(1, 2_500, Announcement.MostTogether)]
    [InlineData(50, 50, Announcement.MostTogether)]
    public async Task They_delay_nobody_else(int receivers, int deliveries, int together)
    {
        await using var hanging = await HeldReceiver.StartAsync();
        await using var fast = await TestReceiver.StartAsync();
        var toFast = await _world.SubscribeAsync(fast.Url);
        var toHanging = new List<Subscription>();
        for (var receiver = 0; receiver < receivers; receiver++)
        {
            toHanging.Add(await _world.SubscribeAsync($"{hanging.Requests.Url}/{receiver}", timeout: HeldReceiver.Deadline));
        }

        var accepted = new List<Accepted>();
        foreach (var subscription in toHanging)
        {
            accepted.AddRange(await _world.AcceptAsync(subscription, deliveries));
        }

        await _world.AnnounceAsync(accepted, number: 1, together);
        await _world.AnnounceAsync(await _world.AcceptAsync(toFast, count: 3));

        await _world.StartDispatcherAsync();

        // Behind 2,500 deliveries of those that hang, and before any of them has ended.
        await fast.WaitForAsync(3, World.Limit);
        var half = 1_000 + receivers;
        await Eventually.TrueAsync(
            async () => await _world.Bus.CountAsync(BrokerNames.DeliveriesQueue(0)) == 0 && await _world.UnacknowledgedAsync(BrokerNames.DeliveriesQueue(0)) <= half,
            World.Limit, $"at most {half} messages in hand, and none that waits");
        Assert.Contains("fair_share", await _world.Database.ColumnAsync<string>("SELECT reason FROM lanes"));

        hanging.Release();
        await _world.EndedAsync();
        Assert.All(await _world.DeliveriesAsync<string>("status"), status => Assert.Equal("delivered", status));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
