using Webhooks.Broker.Consuming;
using Webhooks.Broker.Parking;
using Webhooks.Contracts;

namespace Webhooks.Dispatcher.Parking;

/// <summary>A parked message as it is kept.</summary>
internal sealed record ParkedRow(
    Guid Id, string? TenantId, string? Queue, string Reason, string Detail, string? MessageId, byte[] Properties, byte[] Body)
{
    // Somebody else's message, laid into the parking queue by hand.
    private const string NoReason = "unknown";

    public static ParkedRow Of(ReceivedMessage message) => new(
        // Without an id (parked by an older version, or by hand) a message that is handed over twice may become two rows.
        Guid.TryParse(message.Header(BrokerNames.ParkedIdHeader), out var id) ? id : Guid.CreateVersion7(),
        Text(message.Header(BrokerNames.ParkedTenantHeader)),
        Text(message.Header(BrokerNames.ParkedQueueHeader)),
        Text(message.Header(BrokerNames.ParkedReasonHeader)) ?? NoReason,
        Text(message.Header(BrokerNames.ParkedDetailHeader)) ?? "",
        Text(message.Properties.MessageId),
        PropertiesBytes.Write(message.Properties),
        message.Body);

    // PostgreSQL's text has no NUL.
    private static string? Text(string? text) => text?.Replace('\0', '\uFFFD');
}
