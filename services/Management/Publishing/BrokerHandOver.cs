using Webhooks.Api.Deadlines;
using Webhooks.Broker.Connections;
using Webhooks.Broker.Publishing;

namespace Webhooks.Management.Publishing;

/// <summary>Hands one message to the broker within the time that a request has, and waits for the confirm.</summary>
internal sealed partial class BrokerHandOver(ConfirmedPublisher publisher, BrokerPatience patience, BrokerOptions broker, ILogger<BrokerHandOver> logger)
{
    /// <summary>False: not confirmed. It may be stored all the same.</summary>
    public async Task<bool> PublishAsync(OutgoingMessage message, RequestClock request, CancellationToken clientGone)
    {
        var outcome = PublishOutcome.Unknown;
        try
        {
            await patience.RunAsync(
                async token =>
                {
                    outcome = (await publisher.TryPublishAsync([message], token))[0];
                    if (outcome == PublishOutcome.Unroutable)
                    {
                        // Somebody has deleted a queue or a binding.
                        await publisher.DeclareAgainAsync(token);
                        outcome = (await publisher.TryPublishAsync([message], token))[0];
                    }

                    return outcome is not (PublishOutcome.Unknown or PublishOutcome.Unconfirmed);
                },
                request,
                clientGone);
            if (outcome == PublishOutcome.Confirmed)
            {
                return true;
            }

            Log.NotConfirmed(logger, outcome);
        }
        catch (Exception fault) when (BrokerFault.IsOurs(fault) && !clientGone.IsCancellationRequested)
        {
            Log.Away(logger, BrokerFault.Describe(fault, broker.Uri));
        }

        return false;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "RabbitMQ did not confirm a message ({Outcome}), answering 503")]
        public static partial void NotConfirmed(ILogger logger, PublishOutcome outcome);

        [LoggerMessage(2, LogLevel.Warning, "{Reason}; answering 503")]
        public static partial void Away(ILogger logger, string reason);
    }
}
