using Webhooks.Broker.Deliveries;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Crashes;

/// <summary>
/// RabbitMQ 3.10 writes the name of a new queue to the disk up to half a second late. Killed before, it comes back with a
/// queue that has no leader: it can be declared, confirms nothing, and holds whoever publishes to it for half a minute.
/// </summary>
[Collection(CrashCollection.Name)]
public sealed class When_RabbitMQ_is_killed_beside_a_new_queue(CrashingSystem system)
{
    private const int MostKills = 16;

    // Who waited for the broken queue, or for a connection that did, would be later than this.
    private static readonly TimeSpan ALittleLate = TimeSpan.FromSeconds(25);

    // For a queue that has a leader, on a busy machine; and less than the half minute after which the broker gives up one that has none.
    private static readonly TimeSpan ConfirmLimit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Should_go_on_soon_and_announce_by_the_rows_what_the_queue_does_not_carry()
    {
        await using var others = await StartAsync(seconds: 1);
        await others.PublishAsync(events: 20);
        await others.AssertNothingIsLostAsync();

        // Delays that no other test of this system has, and that are not rounded.
        for (var milliseconds = 1_100; ; milliseconds += 100)
        {
            await using var affected = await StartAsync(milliseconds / 1000.0);
            await system.Running.KillAsync("rabbitmq");
            var isBack = TimeProvider.System.GetUtcNow();

            await Task.WhenAll(affected.PublishAsync(events: 50), others.PublishAsync(events: 100));

            await affected.AssertNothingIsLostAsync();
            await others.AssertNothingIsLostAsync();
            if (await IsBrokenAsync(milliseconds))
            {
                AssertInTime(affected, isBack, TimeSpan.FromMilliseconds(milliseconds));
                AssertInTime(others, isBack, TimeSpan.FromSeconds(1));
                return;
            }

            Assert.True(milliseconds < 1_100 + (100 * MostKills), "No kill came soon enough after a queue's declaration.");
        }
    }

    private Task<Load> StartAsync(double seconds) => Load.StartAsync(
        system.Running,
        subscriptions: 1,
        answer: copy => copy == 1 ? new Answer(503) : Answer.Ok,
        retry: new RetryRequest { MaxAttempts = 20, InitialDelaySeconds = seconds, BackoffMultiplier = 1 });

    private async Task<bool> IsBrokenAsync(int milliseconds)
    {
        await using var peer = await AmqpPeer.ConnectAsync(system.Running.Endpoints.Amqp);
        var now = TimeProvider.System.GetUtcNow();
        var ofNobody = new DeliveryMessage(Guid.NewGuid(), now, Number: 1, now, Traceparent: null).ToBytes();
        try
        {
            await peer.PublishAsync(BrokerNames.Delay(milliseconds), "0", ofNobody).WaitAsync(ConfirmLimit);
            return false;
        }
        catch (TimeoutException)
        {
            return true;
        }
    }

    private static void AssertInTime(Load load, DateTimeOffset since, TimeSpan wait) => Assert.All(
        load.Receiver.Requests.GroupBy(TestEvent.IdOf).Where(copies => copies.Min(copy => copy.ReceivedAt) > since),
        copies =>
        {
            var times = copies.Select(copy => copy.ReceivedAt).Order().ToList();
            Assert.InRange(times[1] - times[0], wait, wait + ALittleLate);
        });
}
