using Webhooks.Broker.Consuming;
using Webhooks.Broker.Parking;
using Webhooks.Contracts;

namespace Webhooks.Dispatcher.Parking;

/// <summary>A parked message as it is kept.</summary>
internal sealed record ParkedRow(
    Guid Id, string? TenantId, string? Queue, string Reason, string Detail, string? MessageId, byte[] Properties, byte[] Body)
{
    public static ParkedRow Of(ReceivedMessage message)
    {
        // What we park can be written; not so what somebody lays into the queue.
        var (properties, leftOut) = WritableProperties.Of(message.Properties, most: int.MaxValue);
        var detail = Text(message.Header(BrokerNames.ParkedDetailHeader)) ?? "";
        return new ParkedRow(
            // Without an id (parked by an older version, or by hand) a message that is handed over twice may become two rows.
            Guid.TryParse(message.Header(BrokerNames.ParkedIdHeader), out var id) ? id : Guid.CreateVersion7(),
            Text(message.Header(BrokerNames.ParkedTenantHeader)),
            Text(message.Header(BrokerNames.ParkedQueueHeader)),
            KnownReason(message.Header(BrokerNames.ParkedReasonHeader)),
            leftOut is null ? detail : $"{detail} {leftOut}".TrimStart(),
            Text(message.Properties.MessageId),
            PropertiesBytes.Write(properties),
            message.Body);
    }

    // Anybody can write into the parking queue. A reason that is none of ours stays among the properties.
    private static string KnownReason(string? given) => given is not null && ParkingReason.All.Contains(given, StringComparer.Ordinal) ? given : ParkingReason.Unknown;

    // PostgreSQL's text has no NUL.
    private static string? Text(string? text) => text?.Replace('\0', '\uFFFD');
}
