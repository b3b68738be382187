using RabbitMQ.Client;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Crashes;

[Collection(CrashCollection.Name)]
public sealed class When_the_publisher_is_killed(CrashingSystem system)
{
    private const int Subscriptions = 500;
    private const int MostKills = 30;

    [Fact]
    public async Task Should_fan_an_event_out_to_all_500_subscriptions()
    {
        await using var load = await Load.StartAsync(system.Running, Subscriptions);

        var isHitInTheMiddle = false;
        for (var kills = 0; kills < MostKills && !isHitInTheMiddle; kills++)
        {
            isHitInTheMiddle = await KillWhileFanningOutAsync(load);
            await load.AssertNothingIsLostAsync();
        }

        Assert.True(isHitInTheMiddle, "No kill came between the commit and the acknowledgement of an event.");
    }

    [Fact]
    public async Task Should_lose_none_of_a_stream_of_events()
    {
        await using var load = await Load.StartAsync(system.Running, subscriptions: 3);

        await load.PublishWhileAsync(async () =>
        {
            await load.WaitForMoreAsync(300);
            await system.Running.KillAsync("publisher");
            await load.WaitForMoreAsync(300);
        });

        await load.AssertNothingIsLostAsync();
    }

    // Only one consumes. Whichever of the two it is, one of these kills hits it.
    [Fact]
    public async Task Should_leave_its_work_to_the_one_that_stands_by()
    {
        await using var load = await Load.StartAsync(system.Running, subscriptions: 3);

        await load.PublishWhileAsync(async () =>
        {
            foreach (var publisher in new[] { 0, 1 })
            {
                await load.WaitForMoreAsync(300);
                var killed = system.Running.Kill("publisher", which: publisher);
                await load.WaitForMoreAsync(300);
                await system.Running.WaitForRestartAsync("publisher", killed);
            }
        });

        await load.AssertNothingIsLostAsync();
    }

    /// <summary>True: the event's deliveries were committed and the event was not yet acknowledged, so that it was in the middle.</summary>
    private async Task<bool> KillWhileFanningOutAsync(Load load)
    {
        var published = load.NewEvent();
        var committed = system.Running.Database.WatchAsync(
            "SELECT count(*) FROM event_keys WHERE tenant_id = $1 AND event_id = $2", published.TenantId, published.Id);
        var publishing = load.PublishAsync(published);
        await committed;

        var killed = system.Running.Kill("publisher");

        await publishing;
        var isHandedBack = await IsHandedBackAsync();
        await system.Running.WaitForRestartAsync("publisher", killed);
        return isHandedBack;
    }

    // The broker hands back what was not acknowledged as soon as it sees that the connection is gone, long before another publisher has started.
    private async Task<bool> IsHandedBackAsync()
    {
        await using var peer = await AmqpPeer.ConnectAsync(system.Running.Endpoints.Amqp);
        QueueDeclareOk? queue = null;
        try
        {
            await Eventually.TrueAsync(
                async () => (queue = await peer.Channel.QueueDeclarePassiveAsync(BrokerNames.PublisherQueue)).ConsumerCount == 0,
                TimeSpan.FromSeconds(15),
                "The broker has seen that the publisher is gone.");
            return queue!.MessageCount == 1;
        }
        catch (TimeoutException)
        {
            // Another one consumes already, on a machine that is too busy to look in between: nobody knows what this kill hit.
            return false;
        }
    }
}
