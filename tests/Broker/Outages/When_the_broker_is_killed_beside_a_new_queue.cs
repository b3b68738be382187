using Webhooks.Broker.Publishing;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.TestKit;
using static Webhooks.Broker.Tests.Reading;

namespace Webhooks.Broker.Tests.Outages;

/// <summary>RabbitMQ 3.10 writes the name of a new queue to the disk half a second late: killed before, it has a queue without a leader.</summary>
public sealed class When_the_broker_is_killed_beside_a_new_queue(OutageBroker broker) : IClassFixture<OutageBroker>
{
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task Should_prove_it_alone_and_leave_all_others_in_peace()
    {
        var uri = await broker.CreateVhostAsync();
        await using (var before = await AmqpPeer.ConnectAsync(uri))
        {
            await BrokerTopology.DeclareAsync(before.Channel, shards: 1);
            await broker.Server.SyncAsync();
            await BrokerTopology.DeclareDelayAsync(before.Channel, Delay);
            await broker.Server.KillAsync();
        }

        await broker.Server.RestartAsync();
        await using var ours = new OurSide(uri, confirmTimeout: TimeSpan.FromSeconds(20));
        var publisher = ours.Publisher();
        var lone = ours.LonePublisher();
        await publisher.WhenReadyAsync(CancellationToken.None);
        var connections = await broker.Server.ConnectionsAsync(uri);

        // Declaring says nothing: the broken queue is there.
        await lone.DeclareAsync(channel => BrokerTopology.DeclareDelayAsync(channel, Delay), CancellationToken.None).WaitAsync(OurSide.Limit);
        var proof = lone.TryPublishAsync(ToDelay, CancellationToken.None);
        var meanwhile = 0;
        while (meanwhile < 100 && !proof.IsCompleted)
        {
            await publisher.PublishAsync(Messages(BrokerNames.ParkingQueue, 10), CancellationToken.None);
            meanwhile++;
        }

        // All of them, on a machine that has the time.
        Assert.InRange(meanwhile, 10, 100);
        Assert.NotEqual(PublishOutcome.Confirmed, await proof.WaitAsync(OurSide.Limit));
        Assert.Contains(connections.Trim('[', ']'), await broker.Server.ConnectionsAsync(uri), StringComparison.Ordinal);

        // What an operator does about it, whatever the queue holds.
        await broker.Server.ElectLeadersAsync();
        Assert.Equal(PublishOutcome.Confirmed, await lone.TryPublishAsync(ToDelay, CancellationToken.None).WaitAsync(OurSide.Limit));
    }

    [Fact]
    public async Task Should_find_it_missing_when_somebody_has_deleted_it()
    {
        var uri = await broker.CreateVhostAsync();
        await using var ours = new OurSide(uri);
        var lone = ours.LonePublisher();
        await lone.DeclareAsync(channel => BrokerTopology.DeclareAsync(channel, shards: 1), CancellationToken.None);
        await lone.DeclareAsync(channel => BrokerTopology.DeclareDelayAsync(channel, Delay), CancellationToken.None);
        Assert.Equal(PublishOutcome.Confirmed, await lone.TryPublishAsync(ToDelay, CancellationToken.None).WaitAsync(OurSide.Limit));

        await using var peer = await AmqpPeer.ConnectAsync(uri);
        await peer.Channel.QueueDeleteAsync(BrokerNames.Delay(300), ifUnused: false, ifEmpty: false);

        Assert.Equal(PublishOutcome.Unroutable, await lone.TryPublishAsync(ToDelay, CancellationToken.None).WaitAsync(OurSide.Limit));
    }

    private static OutgoingMessage ToDelay => new(BrokerNames.Delay(300), "0", "{}"u8.ToArray());
}
