using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Webhooks.Broker.Consuming;
using Webhooks.Broker.Topology;
using Webhooks.Database.Faults;
using Webhooks.Publisher.FanOut;

namespace Webhooks.Publisher.Suspects;

/// <summary>
/// Tries a message by itself that was handed over so often that whoever held it may have died of it. The broker counts for
/// all that a publisher had in hand, up to a thousand; of these only the one that nobody survived alone is parked (decision 0030).
/// </summary>
internal sealed partial class SuspectTrial(FanOutTurn turn, SuspectStore store, DatabaseGate database, ILogger<SuspectTrial> logger)
{
    // A publisher may be stopped, or be killed by somebody, while it has an innocent one at work; hardly three in a row with the same one.
    private const int MostTries = 3;

    /// <summary>Is it to be tried by itself? A fatal one is parked as soon as it was handed over as often as poison is.</summary>
    public static bool IsDue(ReceivedMessage message) => message.DeliveryCount >= BrokerTopology.PoisonCount - MostTries;

    /// <summary>Answers how many deliveries it made.</summary>
    public async Task<int> RunAsync(ReceivedMessage suspect, CancellationToken stop)
    {
        var key = SHA256.HashData(suspect.Body);
        var tries = await database.RunAsync(token => store.TriesAsync(key, token), stop);
        var made = 0;
        if (tries >= MostTries)
        {
            var detail = $"The message was handed over {suspect.DeliveryCount} times and never finished, the last {tries} times with no other at work.";
            Log.Parked(logger, detail);
            await turn.ParkAsync(suspect, detail, stop);
            if (suspect.IsLost)
            {
                // Not parked, perhaps: whoever gets it next has to know.
                return 0;
            }
        }
        else
        {
            await WriteAsync(token => store.BeginAsync(key, tries + 1, token), stop);
            try
            {
                made = await turn.RunAsync([suspect], stop);
            }
            catch (Exception fault) when (!Blame.MayBeOfEvents(fault) && !stop.IsCancellationRequested)
            {
                // That was no try: the service ends, whichever event it is at.
                await WriteAsync(token => store.BeginAsync(key, tries, token), stop);
                throw;
            }
        }

        await WriteAsync(token => store.EndAsync(key, token), stop);
        return made;
    }

    private Task WriteAsync(Func<CancellationToken, Task> write, CancellationToken stop) => database.RunAsync(
        async token =>
        {
            await write(token);
            return true;
        },
        stop);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "An event is parked as poison. {Detail}")]
        public static partial void Parked(ILogger logger, string detail);
    }
}
