using System.Diagnostics;
using Webhooks.Api.Deadlines;
using Webhooks.Api.Problems;
using Webhooks.Broker.Connections;
using Webhooks.Broker.Publishing;
using Webhooks.Contracts;

namespace Webhooks.Management.Events;

/// <summary>Hands an event to the broker and waits for its confirm: from then on it is as safe as the broker's queue.</summary>
internal sealed partial class EventAnnouncer(
    ConfirmedPublisher publisher, BrokerPatience patience, BrokerOptions broker, ILogger<EventAnnouncer> logger)
{
    /// <exception cref="RefusedException">503: not confirmed. Perhaps stored all the same; publishing it again is harmless.</exception>
    public async Task AnnounceAsync(OutgoingEvent outgoing, RequestClock request, CancellationToken clientGone)
    {
        var message = new OutgoingMessage(BrokerNames.EventsExchange, outgoing.Event.Type, outgoing.Body) { MessageId = outgoing.Event.Id, Headers = TraceHeaders() };
        var outcome = PublishOutcome.Unknown;
        try
        {
            await patience.RunAsync(
                async token =>
                {
                    outcome = (await publisher.TryPublishAsync([message], token))[0];
                    return outcome is not (PublishOutcome.Unknown or PublishOutcome.Unconfirmed);
                },
                request,
                clientGone);
            if (outcome == PublishOutcome.Confirmed)
            {
                return;
            }

            Log.NotConfirmed(logger, outcome);
        }
        catch (Exception fault) when (BrokerFault.IsOurs(fault) && !clientGone.IsCancellationRequested)
        {
            Log.Away(logger, BrokerFault.Describe(fault, broker.Nodes));
        }

        throw new RefusedException(Problem.Unavailable("RabbitMQ did not confirm the event. Send it again: the same id is never fanned out twice."));
    }

    // The request's own span, which continues the caller's trace.
    private static Dictionary<string, object?>? TraceHeaders() =>
        Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } traceparent }
            ? new Dictionary<string, object?>(StringComparer.Ordinal) { ["traceparent"] = traceparent }
            : null;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "RabbitMQ did not confirm an event ({Outcome}), answering 503")]
        public static partial void NotConfirmed(ILogger logger, PublishOutcome outcome);

        [LoggerMessage(2, LogLevel.Warning, "{Reason}; answering 503")]
        public static partial void Away(ILogger logger, string reason);
    }
}
