using System.Globalization;
using RabbitMQ.Client;
using Webhooks.Broker.Publishing;
using Webhooks.Contracts;

namespace Webhooks.Broker.Parking;

/// <summary>The way of a parked message back to the queue it came from, as it was before it was parked.</summary>
public static class WayBack
{
    // The broker's, of the hand-over before it was parked: where the broker does not count anew, the message would be poison at once.
    private const string DeliveryCountHeader = "x-delivery-count";

    private static readonly string[] ParkingHeaders =
    [
        BrokerNames.ParkedReasonHeader, BrokerNames.ParkedDetailHeader, BrokerNames.ParkedQueueHeader,
        BrokerNames.ParkedTenantHeader, BrokerNames.ParkedIdHeader,
    ];

    private static readonly string[] ShardPrefixes = [BrokerNames.DeliveriesExchange + ".", BrokerNames.RetriesExchange + "."];

    /// <summary>Is it one of the headers that say of a message why it was parked?</summary>
    public static bool IsOfParking(string header) => ParkingHeaders.Contains(header, StringComparer.Ordinal);

    /// <summary>Is it a queue that we park messages of? Nothing is ever put into another: anybody can write into the parking queue.</summary>
    public static bool LeadsTo(string? queue) =>
        queue is BrokerNames.PublisherQueue or BrokerNames.CallbackResultsQueue
        || (queue is not null && ShardPrefixes.Any(prefix => queue.StartsWith(prefix, StringComparison.Ordinal)
            && int.TryParse(queue.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out _)));

    /// <summary>
    /// The message as it came. Straight into the queue, not through the exchange once more: others who listen there have had it.
    /// </summary>
    /// <param name="queue">One that <see cref="LeadsTo"/>.</param>
    /// <param name="parked">The properties of the parked copy.</param>
    /// <param name="body">Unchanged.</param>
    public static OutgoingMessage Of(string queue, IReadOnlyBasicProperties parked, ReadOnlyMemory<byte> body)
    {
        var properties = new BasicProperties(parked);
        var own = (parked.Headers ?? new Dictionary<string, object?>(StringComparer.Ordinal))
            .Where(header => header.Key != DeliveryCountHeader && !IsOfParking(header.Key))
            .ToDictionary(header => header.Key, header => header.Value, StringComparer.Ordinal);
        properties.Headers = own.Count > 0 ? own : null;
        return new OutgoingMessage("", queue, body) { Properties = properties };
    }
}
