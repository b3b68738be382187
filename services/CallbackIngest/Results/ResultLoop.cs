using Webhooks.Broker.Consuming;
using Webhooks.Broker.Parking;
using Webhooks.Broker.Publishing;
using Webhooks.Broker.Topology;
using Webhooks.CallbackIngest.Callbacks;
using Webhooks.Contracts;
using Webhooks.Database.Accounting;
using Webhooks.Database.Faults;

namespace Webhooks.CallbackIngest.Results;

/// <summary>Consumes results. What cannot be used is parked, and the ack is the last thing that happens.</summary>
internal sealed partial class ResultLoop(
    QueueConsumer consumer, ResultStore store, DatabaseGate database, ConfirmedPublisher publisher, ResultServices services)
    : BackgroundService
{
    private const int GroupLimit = 100;
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(4);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        database.Closed += consumer.Pause;
        database.Opened += consumer.Resume;
        var consuming = consumer.RunAsync(stoppingToken);
        try
        {
            while (await consumer.Received.ReadGroupAsync(GroupLimit, Linger, services.Clock, stoppingToken) is { } group)
            {
                await TakeAsync(group, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What was not begun stays unacknowledged: another instance gets it.
        }

        await consuming;
        await consumer.FlushAcksAsync();
    }

    private async Task TakeAsync(IReadOnlyList<ReceivedMessage> group, CancellationToken stop)
    {
        var readable = new List<(ReceivedMessage Message, CommandResult Result)>(group.Count);
        foreach (var message in group)
        {
            var (result, reason, detail) = CommandResult.Read(message.Body);
            if (result is null)
            {
                await ParkAsync(message, reason, detail, stop);
            }
            else if (message.FailureCount >= BrokerTopology.PoisonCount)
            {
                await ParkAsync(message, ParkingReason.Poison, $"Work on this result failed {message.FailureCount} times by a fault of our own.", stop);
            }
            else
            {
                readable.Add((message, result));
            }
        }

        if (readable.Count == 0)
        {
            return;
        }

        // Two results of one command in a group: applied wins, else the last.
        var results = readable.GroupBy(entry => entry.Result.CommandId)
            .Select(same => same.Select(entry => entry.Result).LastOrDefault(result => result.IsApplied) ?? same.Last().Result)
            .ToList();
        var known = await database.RunAsync(token => store.ApplyAsync(results, token), stop);
        foreach (var (message, result) in readable)
        {
            if (known.Contains(result.CommandId))
            {
                services.Metrics.ResultCame(result.IsApplied ? CallbackResult.Applied : CallbackResult.Failed);
                message.Ack();
            }
            else
            {
                await ParkAsync(message, ParkingReason.UnknownCommand, $"No callback of the last days became the command {result.CommandId}.", stop);
            }
        }
    }

    private async Task ParkAsync(ReceivedMessage message, string reason, string detail, CancellationToken stop)
    {
        Log.Parked(services.Logger, message.Queue, reason);
        await database.RunAsync(token => services.Parked.AddAsync([null], token), stop);
        await publisher.PublishAsync([message.Park(reason, detail)], stop);
        message.Ack();
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "A message in {Queue} is parked: {Reason}")]
        public static partial void Parked(ILogger logger, string queue, string reason);
    }
}

/// <summary>What the loop needs beside the way of a result.</summary>
internal sealed record ResultServices(ParkedCounts Parked, CallbackMetrics Metrics, TimeProvider Clock, ILogger<ResultLoop> Logger);
