using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Webhooks.Broker.Connections;
using Webhooks.Broker.Publishing;
using Webhooks.Publisher.FanOut;

namespace Webhooks.Publisher.Notices;

/// <summary>
/// Publishes notices to whoever has bound a queue. The broker away is waited for as long as it takes. A queue that is there
/// and confirms nothing (it has lost its leader) is tried a few times and then passed over: all others have the messages.
/// </summary>
internal sealed partial class NotificationPublisher(
    [FromKeyedServices(NoticesModule.Notifying)] ConfirmedPublisher publisher,
    [FromKeyedServices(NoticesModule.Notifying)] LonePublisher lone,
    FanOutMetrics metrics,
    TimeProvider clock,
    ILogger<NotificationPublisher> logger)
{
    /// <summary>How often a confirm may be overdue while the connection is fine.</summary>
    public const int MostTries = 3;

    private static readonly TimeSpan RepeatPause = TimeSpan.FromMilliseconds(200);

    // Once a queue was passed over, one try tells whether it is still so: the others need not get everything three times.
    private bool _isStuck;

    /// <summary>Returns once every notice was confirmed, refused or given up.</summary>
    public async Task PublishAsync(IReadOnlyList<StoredNotice> notices, CancellationToken stop)
    {
        var (refused, givenUp) = (0, 0);
        var overdueBefore = _isStuck ? MostTries - 1 : 0;
        IReadOnlyList<Attempted> open = [.. notices.Select(told => new Attempted(told.Notice.Type, NotificationMessage.Of(told), overdueBefore))];
        while (open.Count > 0)
        {
            var outcomes = await TryAsync(open, stop);
            var again = new List<Attempted>();
            foreach (var (attempted, outcome) in open.Zip(outcomes))
            {
                switch (outcome)
                {
                    case PublishOutcome.Unknown:
                        again.Add(attempted);
                        break;
                    case PublishOutcome.Unconfirmed when attempted.Overdue + 1 < MostTries:
                        again.Add(attempted with { Overdue = attempted.Overdue + 1 });
                        break;
                    case PublishOutcome.Unconfirmed:
                        givenUp++;
                        break;
                    default:
                        // A neighbour's queue that is full says no, the others have it. Waiting for that one would keep it from all.
                        refused += outcome == PublishOutcome.Refused ? 1 : 0;
                        metrics.Notified(attempted.Type);
                        break;
                }
            }

            open = again;
            if (open.Count > 0)
            {
                await Task.Delay(RepeatPause, clock, stop);
            }
        }

        Report(refused, givenUp);
        _isStuck = givenUp > 0;
    }

    private void Report(int refused, int givenUp)
    {
        if (refused > 0)
        {
            Log.Refused(logger, refused);
        }

        if (givenUp > 0)
        {
            Log.GivenUp(logger, givenUp);
        }
    }

    // A queue without a leader holds the channel for a minute at each message, and what lies behind reaches no queue at all:
    // from the first confirm that is overdue on, each message has a channel of its own.
    private async Task<IReadOnlyList<PublishOutcome>> TryAsync(IReadOnlyList<Attempted> open, CancellationToken stop)
    {
        if (open.All(attempted => attempted.Overdue == 0))
        {
            return await publisher.TryPublishAsync([.. open.Select(attempted => attempted.Message)], stop);
        }

        // Declared by its connection, and there again after an outage.
        await publisher.WhenReadyAsync(stop);
        var outcomes = new List<Task<PublishOutcome>>(open.Count);
        foreach (var attempted in open)
        {
            outcomes.Add(await BeginAsync(attempted.Message, stop));
        }

        return await Task.WhenAll(outcomes);
    }

    private async Task<Task<PublishOutcome>> BeginAsync(OutgoingMessage message, CancellationToken stop)
    {
        try
        {
            return OrUnknownAsync(await lone.BeginAsync(message, stop), stop);
        }
        catch (Exception fault) when (BrokerFault.IsOurs(fault) && !stop.IsCancellationRequested)
        {
            return Task.FromResult(PublishOutcome.Unknown);
        }
    }

    private static async Task<PublishOutcome> OrUnknownAsync(Task<PublishOutcome> outcome, CancellationToken stop)
    {
        try
        {
            return await outcome;
        }
        catch (Exception fault) when (BrokerFault.IsOurs(fault) && !stop.IsCancellationRequested)
        {
            return PublishOutcome.Unknown;
        }
    }

    /// <param name="Type">Of the notice.</param>
    /// <param name="Message">What is published.</param>
    /// <param name="Overdue">How often its confirm was overdue.</param>
    private readonly record struct Attempted(string Type, OutgoingMessage Message, int Overdue);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "A full queue refused {Count} notifications; they are not published to it again")]
        public static partial void Refused(ILogger logger, int count);

        [LoggerMessage(2, LogLevel.Warning,
            "{Count} notifications are given up: RabbitMQ is there and does not confirm them, so a queue that is bound to webhooks.notifications takes nothing. The other queues have them. Unbind or delete that queue, or give it a leader (decision 0002 says how)")]
        public static partial void GivenUp(ILogger logger, int count);
    }
}
