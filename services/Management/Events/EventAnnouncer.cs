using System.Diagnostics;
using Webhooks.Api.Deadlines;
using Webhooks.Api.Problems;
using Webhooks.Broker.Publishing;
using Webhooks.Contracts;
using Webhooks.Management.Publishing;

namespace Webhooks.Management.Events;

/// <summary>Hands an event to the broker and waits for its confirm: from then on it is as safe as the broker's queue.</summary>
internal sealed class EventAnnouncer(BrokerHandOver broker)
{
    /// <exception cref="RefusedException">503: not confirmed. Perhaps stored all the same; publishing it again is harmless.</exception>
    public async Task AnnounceAsync(OutgoingEvent outgoing, RequestClock request, CancellationToken clientGone)
    {
        var message = new OutgoingMessage(BrokerNames.EventsExchange, outgoing.Event.Type, outgoing.Body) { MessageId = outgoing.Event.Id, Headers = TraceHeaders() };
        if (!await broker.PublishAsync(message, request, clientGone))
        {
            throw new RefusedException(Problem.Unavailable("RabbitMQ did not confirm the event. Send it again: the same id is never fanned out twice."));
        }
    }

    // The request's own span, which continues the caller's trace.
    private static Dictionary<string, object?>? TraceHeaders() =>
        Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } traceparent }
            ? new Dictionary<string, object?>(StringComparer.Ordinal) { ["traceparent"] = traceparent }
            : null;
}
