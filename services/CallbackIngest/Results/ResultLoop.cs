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
    private static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(1);

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

        await ApplyAsync(readable, stop);
    }

    /// <summary>Applies a group; one that fails by its data is halved until the culprit stands alone, and that is tried again in a while.</summary>
    private async Task ApplyAsync(IReadOnlyList<(ReceivedMessage Message, CommandResult Result)> readable, CancellationToken stop)
    {
        if (readable.Count == 0)
        {
            return;
        }

        // Two results of one command in a group: applied wins, else the last.
        var results = readable.GroupBy(entry => entry.Result.CommandId)
            .Select(same => same.Select(entry => entry.Result).LastOrDefault(result => result.IsApplied) ?? same.Last().Result)
            .ToList();
        IReadOnlySet<Guid> known;
        try
        {
            known = await database.RunAsync(token => store.ApplyAsync(results, token), stop);
        }
        catch (Exception fault) when (readable.Count > 1 && !stop.IsCancellationRequested)
        {
            Log.Halving(services.Logger, readable.Count, fault.Message);
            await ApplyAsync([.. readable.Take(readable.Count / 2)], stop);
            await ApplyAsync([.. readable.Skip(readable.Count / 2)], stop);
            return;
        }
        catch (Exception fault) when (!stop.IsCancellationRequested)
        {
            Log.Failed(services.Logger, fault, readable[0].Result.CommandId);
            readable[0].Message.CountFault();
            _ = TakeAgainAsync(readable[0].Message, stop);
            return;
        }

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

    private async Task TakeAgainAsync(ReceivedMessage message, CancellationToken stop)
    {
        await Task.Delay(FaultPause, services.Clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        consumer.TakeAgain(message);
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

        [LoggerMessage(2, LogLevel.Warning, "A group of {Results} results could not be applied and is halved: {Reason}")]
        public static partial void Halving(ILogger logger, int results, string reason);

        [LoggerMessage(3, LogLevel.Error, "The result of command {CommandId} could not be applied by a fault of our own, and is tried again")]
        public static partial void Failed(ILogger logger, Exception fault, Guid commandId);
    }
}

/// <summary>What the loop needs beside the way of a result.</summary>
internal sealed record ResultServices(ParkedCounts Parked, CallbackMetrics Metrics, TimeProvider Clock, ILogger<ResultLoop> Logger);
