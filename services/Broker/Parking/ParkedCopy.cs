using RabbitMQ.Client;
using Webhooks.Broker.Consuming;
using Webhooks.Broker.Publishing;
using Webhooks.Contracts;

namespace Webhooks.Broker.Parking;

/// <summary>
/// Makes the parked copy of a message that our own code could not process: body and properties as they came, the reason in
/// headers. Only what a broker acts on is left out, for it would act on the copy as it did on the message, and what cannot be written.
/// </summary>
public static class ParkedCopy
{
    // A header is shown in consoles and logs; the first sentences say enough.
    private const int LongestDetail = 1000;

    // More queues that a message is routed to: the copy could go back where it came from, and so for ever.
    private static readonly string[] RoutingHeaders = ["CC", "BCC"];

    /// <param name="message">As it was handed over.</param>
    /// <param name="reason">One of <see cref="ParkingReason"/>.</param>
    /// <param name="detail">A sentence.</param>
    /// <param name="tenantId">Whose it is; null: that cannot be read.</param>
    public static OutgoingMessage Park(this ReceivedMessage message, string reason, string detail, string? tenantId = null)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Of(message.Queue, message.Properties, message.Body, reason, detail, tenantId);
    }

    /// <param name="queue">Where it goes when it is republished.</param>
    /// <param name="own">Its own properties.</param>
    /// <param name="body">Its own.</param>
    /// <param name="reason">One of <see cref="ParkingReason"/>.</param>
    /// <param name="detail">A sentence.</param>
    /// <param name="tenantId">Whose it is; null: that cannot be read.</param>
    public static OutgoingMessage Of(string queue, IReadOnlyBasicProperties own, ReadOnlyMemory<byte> body, string reason, string detail, string? tenantId)
    {
        var (properties, leftOut) = WritableProperties.Of(own, WritableProperties.MostBesideParking);
        // Refused, with the channel, when it is not the connection's user.
        properties.ClearUserId();
        properties.ClearExpiration();

        var headers = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (name, value) in properties.Headers ?? new Dictionary<string, object?>(StringComparer.Ordinal))
        {
            // A message that somebody put back with the headers of its parking is parked anew.
            if (!RoutingHeaders.Contains(name, StringComparer.Ordinal) && !WayBack.IsOfParking(name))
            {
                headers[name] = value;
            }
        }

        headers[BrokerNames.ParkedReasonHeader] = reason;
        var shortDetail = detail.Length <= LongestDetail ? detail : detail[..LongestDetail];
        headers[BrokerNames.ParkedDetailHeader] = leftOut is null ? shortDetail : $"{shortDetail} {leftOut}";
        headers[BrokerNames.ParkedQueueHeader] = queue;
        if (tenantId is not null)
        {
            headers[BrokerNames.ParkedTenantHeader] = tenantId;
        }

        // A publish that is repeated because its confirm was lost, and a hand-over that is, are the same parked message.
        headers[BrokerNames.ParkedIdHeader] = Guid.CreateVersion7().ToString();
        properties.Headers = headers;
        // The default exchange: straight into the queue.
        return new OutgoingMessage("", BrokerNames.ParkingQueue, body) { Properties = properties };
    }
}
