using System.Diagnostics;
using Webhooks.Broker.Consuming;
using Webhooks.Broker.Parking;
using Webhooks.Broker.Publishing;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Publisher.Events;

/// <summary>A message whose event has the right form.</summary>
internal readonly record struct IncomingEvent(ReceivedMessage Message, AcceptedEvent Event);

/// <summary>A message that is no event, as it will be parked.</summary>
/// <param name="Message">As it came.</param>
/// <param name="Copy">With the reason, and whose it is if that can be read.</param>
internal readonly record struct RefusedMessage(ReceivedMessage Message, OutgoingMessage Copy);

/// <summary>Reads events out of messages; what is not an event becomes a parked copy that says why.</summary>
internal sealed class EventIntake(PublisherOptions options, ParkedMetrics metrics)
{
    public (List<IncomingEvent> Events, List<RefusedMessage> Refused) Read(IReadOnlyList<ReceivedMessage> group)
    {
        var events = new List<IncomingEvent>(group.Count);
        var refused = new List<RefusedMessage>();
        foreach (var message in group)
        {
            switch (EventReader.Read(message.Body, message.Properties.ContentType, maxBytes: options.MaxEventBytes))
            {
                case EventReading.Accepted accepted:
                    events.Add(new IncomingEvent(message, WithTrace(accepted.Event, message)));
                    break;
                case EventReading.Refused no:
                    refused.Add(Park(message, no.Reason.WireName(), no.Detail));
                    break;
            }
        }

        return (events, refused);
    }

    /// <summary>Counts a message as parked, and makes the copy.</summary>
    public RefusedMessage Park(ReceivedMessage message, string reason, string detail)
    {
        metrics.Counted(reason);
        var tenantId = EventTenant.Find(message.Body, message.Properties.ContentType);
        return new RefusedMessage(message, message.Park(reason, detail, tenantId));
    }

    // "traceparent" from any AMQP client, "MT-Activity-Id" from MassTransit. What is none does not hinder the event.
    private static AcceptedEvent WithTrace(AcceptedEvent accepted, ReceivedMessage message) =>
        (message.Header("traceparent") ?? message.Header("MT-Activity-Id")) is { Length: 55 } traceparent && ActivityContext.TryParse(traceparent, traceState: null, out _)
            ? accepted with { Traceparent = traceparent }
            : accepted;
}
