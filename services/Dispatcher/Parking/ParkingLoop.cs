using Microsoft.Extensions.Logging;
using Webhooks.Broker;
using Webhooks.Broker.Consuming;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.Database;
using Webhooks.Database.Faults;
using Webhooks.Database.Migrations;

namespace Webhooks.Dispatcher.Parking;

/// <summary>
/// Drains the parking queue into the table: kept first, acknowledged then. Every dispatcher does, and none leads: the broker
/// gives each message to one of them, and a message that is handed over again finds its row.
/// </summary>
internal sealed partial class ParkingLoop(
    BrokerLinks broker, ParkedStore store, DatabaseGate database, MigratedSchema schema, TimeProvider clock, ILogger<ParkingLoop> logger) : ServiceLoop
{
    // Few: a message may be as large as the broker takes.
    private const int GroupLimit = 8;
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(5);

    private readonly QueueConsumer _consumer = broker.Consumer(BrokerNames.ParkingQueue, GroupLimit, BrokerTopology.DeclareParkingAsync);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        database.Closed += _consumer.Pause;
        database.Opened += _consumer.Resume;
        try
        {
            await schema.WhenThereAsync().WaitAsync(stoppingToken);
            Task[] parts = [_consumer.RunAsync(stoppingToken), DrainAsync(stoppingToken)];
            // Before the stop only a fault ends one of them, and the service ends with it.
            await await Task.WhenAny(parts);
            await Task.WhenAll(parts);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What was not kept stays unacknowledged: another dispatcher gets it.
        }

        await _consumer.FlushAcksAsync();
    }

    private async Task DrainAsync(CancellationToken stop)
    {
        while (await _consumer.Received.ReadGroupAsync(GroupLimit, Linger, clock, stop) is { } group)
        {
            foreach (var part in StatementParts.Of(group, message => message.Body.Length))
            {
                await KeepAsync(part, stop);
            }
        }
    }

    /// <summary>Keeps a group; one that fails by its data is halved until the culprit stands alone, and that waits in hand.</summary>
    private async Task KeepAsync(IReadOnlyList<ReceivedMessage> group, CancellationToken stop)
    {
        try
        {
            var rows = group.Select(ParkedRow.Of).ToList();
            await database.RunAsync(token => store.AddAsync(rows, token), stop);
            foreach (var message in group)
            {
                message.Ack();
            }
        }
        catch (Exception) when (group.Count > 1 && !stop.IsCancellationRequested)
        {
            await KeepAsync([.. group.Take(group.Count / 2)], stop);
            await KeepAsync([.. group.Skip(group.Count / 2)], stop);
        }
        catch (Exception fault) when (!stop.IsCancellationRequested)
        {
            // There is nowhere else to put it: it is not lost, and the others pass by.
            Log.NotKept(logger, fault, FaultPause.TotalSeconds);
            _ = TakeAgainAsync(group[0], stop);
        }
    }

    private async Task TakeAgainAsync(ReceivedMessage message, CancellationToken stop)
    {
        await Task.Delay(FaultPause, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _consumer.TakeAgain(message);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "A parked message could not be kept, and is tried again in {Seconds} s")]
        public static partial void NotKept(ILogger logger, Exception fault, double seconds);
    }
}
