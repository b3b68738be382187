using Webhooks.Broker.Consuming;
using Webhooks.Broker.Deliveries;
using Webhooks.Broker.Parking;
using Webhooks.Broker.Publishing;
using Webhooks.Broker.Topology;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Owed;
using Webhooks.Dispatcher.Parking;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Dispatcher.Deliveries;

/// <summary>
/// Serves one queue: takes messages in groups, looks at all their rows at once, and starts the work on each; none waits
/// for another. How much is in hand is bounded by the consumer's prefetch alone.
/// </summary>
internal sealed class DeliveryLoop(
    QueueConsumer consumer, QueuePosition position, DeliveryWork work, DeliveryStore store, SubscriptionCache subscriptions, DatabaseGate database,
    ConfirmedPublisher publisher, DeliveryParking parking, TimeProvider clock)
{
    private const int GroupLimit = 100;
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(4);

    /// <summary>Works until <paramref name="stop"/>, then takes nothing more, and ends when what is in hand has ended or <paramref name="abandon"/> says so.</summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken abandon)
    {
        var consuming = consumer.RunAsync(stop);
        try
        {
            while (await consumer.Received.ReadGroupAsync(GroupLimit, Linger, clock, stop) is { } group)
            {
                var messages = Read(group);
                await publisher.WhenReadyAsync(stop);
                await TakeAsync(messages, abandon);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What was handed over and not begun stays unacknowledged: another dispatcher gets it.
        }

        await consuming;
    }

    /// <summary>Before anything else is waited for: what is in hand must not be taken for lost.</summary>
    private List<(ReceivedMessage Received, DeliveryMessage? Message)> Read(IReadOnlyList<ReceivedMessage> group)
    {
        var messages = new List<(ReceivedMessage, DeliveryMessage?)>(group.Count);
        foreach (var received in group)
        {
            var message = DeliveryMessage.Read(received.Body);
            messages.Add((received, message));
            if (message is not null)
            {
                position.Took(message, received.Redelivered, () => received.IsAcknowledged);
            }
        }

        return messages;
    }

    private async Task TakeAsync(List<(ReceivedMessage Received, DeliveryMessage? Message)> group, CancellationToken abandon)
    {
        var messages = new List<(ReceivedMessage Received, DeliveryMessage Delivery)>(group.Count);
        foreach (var (received, read) in group)
        {
            if (read is not { } message)
            {
                await parking.ParkAsync(received, message: null, ParkingReason.NotJson, "This is not a delivery message: only the publisher and the dispatcher write to this queue.", abandon);
            }
            else if (received.FailureCount >= BrokerTopology.PoisonCount)
            {
                await parking.ParkAsync(received, message, ParkingReason.Poison, $"Work on this delivery failed {received.FailureCount} times by a fault of our own.", abandon);
            }
            else
            {
                messages.Add((received, message));
            }
        }

        // Begun before the look: a row that was read while other work on it ran would be out of date when that has ended,
        // and the attempt would be made a second time.
        messages.RemoveAll(message => !work.TryBegin(message.Received, message.Delivery, consumer));
        if (messages.Count > 0)
        {
            await StartAsync(messages, abandon);
        }
    }

    private async Task StartAsync(List<(ReceivedMessage Received, DeliveryMessage Delivery)> begun, CancellationToken abandon)
    {
        LookedUp found;
        ConfigSnapshot config;
        try
        {
            found = await database.RunAsync(token => store.LookUpAsync([.. begun.Select(message => message.Delivery)], token), abandon);
            // A change that was answered before this look is honoured by it.
            config = await database.RunAsync(token => subscriptions.AtLeastAsync(found.ConfigVersion, token).AsTask(), abandon);
        }
        catch
        {
            begun.ForEach(message => work.GiveUp(message.Delivery));
            throw;
        }

        foreach (var (received, message) in begun)
        {
            work.Start(received, message, found.Rows.GetValueOrDefault(message.DeliveryId), config, consumer, abandon);
        }
    }
}
