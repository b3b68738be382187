using Webhooks.Broker.Consuming;
using Webhooks.Broker.Parking;
using Webhooks.Broker.Publishing;
using Webhooks.Broker.Topology;
using Webhooks.CallbackIngest.Callbacks;
using Webhooks.Contracts;
using Webhooks.Database.Faults;

namespace Webhooks.CallbackIngest.Results;

/// <summary>Consumes results. What cannot be used is parked, and the ack is the last thing that happens.</summary>
internal sealed partial class ResultLoop(
    QueueConsumer consumer, ResultStore store, DatabaseGate database, ConfirmedPublisher publisher, ResultServices services)
    : ServiceLoop
{
    private const int GroupLimit = 100;
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(1);

    // Who publishes a command writes so within milliseconds, or something is wrong with it.
    private const int MostWaits = 20;
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(50);

    private readonly Dictionary<ReceivedMessage, int> _waits = [];

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

    /// <summary>Applies a group; one that fails by its data is halved until the culprit stands alone, and that is tried again in a while. A schema that takes none ends the service.</summary>
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
        var impatient = readable.Where(entry => _waits.GetValueOrDefault(entry.Message) >= MostWaits).Select(entry => entry.Result.CommandId).ToHashSet();
        IReadOnlyDictionary<Guid, ResultEffect> effects;
        try
        {
            effects = await database.RunAsync(token => store.ApplyAsync(results, result => !impatient.Contains(result.CommandId), token), stop);
        }
        catch (Exception fault) when (readable.Count > 1 && !DatabaseFault.IsOfTheSchema(fault) && !stop.IsCancellationRequested)
        {
            Log.Halving(services.Logger, readable.Count, fault.Message);
            await ApplyAsync([.. readable.Take(readable.Count / 2)], stop);
            await ApplyAsync([.. readable.Skip(readable.Count / 2)], stop);
            return;
        }
        catch (Exception fault) when (!DatabaseFault.IsOfTheSchema(fault) && !stop.IsCancellationRequested)
        {
            Log.Failed(services.Logger, fault, readable[0].Result.CommandId);
            readable[0].Message.CountFault();
            _ = TakeAgainAsync(readable[0].Message, FaultPause, stop);
            return;
        }

        foreach (var (message, result) in readable)
        {
            if (!effects.TryGetValue(result.CommandId, out var effect))
            {
                await ParkAsync(message, ParkingReason.UnknownCommand, $"No callback of the last days became the command {result.CommandId}.", stop);
            }
            else if (effect == ResultEffect.Waits)
            {
                _waits[message] = _waits.GetValueOrDefault(message) + 1;
                _ = TakeAgainAsync(message, Wait, stop);
                continue;
            }
            else
            {
                Done(message, result, changed: effect == ResultEffect.Applied && results.Exists(taken => ReferenceEquals(taken, result)));
            }

            _waits.Remove(message);
        }
    }

    private void Done(ReceivedMessage message, CommandResult result, bool changed)
    {
        var outcome = result.IsApplied ? CallbackResult.Applied : CallbackResult.Failed;
        if (!changed)
        {
            Log.Ignored(services.Logger, outcome, result.CommandId, result.Reason);
        }

        services.Metrics.ResultCame(outcome);
        message.Ack();
    }

    private async Task TakeAgainAsync(ReceivedMessage message, TimeSpan pause, CancellationToken stop)
    {
        await Task.Delay(pause, services.Clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        consumer.TakeAgain(message);
    }

    private async Task ParkAsync(ReceivedMessage message, string reason, string detail, CancellationToken stop)
    {
        services.ParkedMetrics.Counted(reason);
        Log.Parked(services.Logger, message.Queue, reason);
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

        [LoggerMessage(4, LogLevel.Information, "The result \"{Outcome}\" of command {CommandId} changes nothing: what it says, or something final, was said before. Its reason: {Reason}")]
        public static partial void Ignored(ILogger logger, string outcome, Guid commandId, string? reason);
    }
}

/// <summary>What the loop needs beside the way of a result.</summary>
internal sealed record ResultServices(ParkedMetrics ParkedMetrics, CallbackMetrics Metrics, TimeProvider Clock, ILogger<ResultLoop> Logger);
