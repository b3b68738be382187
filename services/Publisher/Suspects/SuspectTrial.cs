using System.Security.Cryptography;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Webhooks.Broker.Consuming;
using Webhooks.Broker.Topology;
using Webhooks.Database.Faults;
using Webhooks.Publisher.FanOut;

namespace Webhooks.Publisher.Suspects;

/// <summary>
/// Tries a message by itself that was handed over so often that whoever held it may have died of it. The broker counts for
/// all that a publisher had in hand, up to a thousand; of these only the one that nobody survived alone is parked (decision 0030).
/// One that comes without any other such message needs no trial: nothing else can be what its count tells of.
/// </summary>
internal sealed partial class SuspectTrial(FanOutTurn turn, SuspectStore store, DatabaseGate database, TimeProvider clock, ILogger<SuspectTrial> logger)
{
    // A publisher may be stopped, or be killed by somebody, while it has an innocent one at work; hardly three in a row with the same one.
    private const int MostTries = 3;

    // What was in hand together comes together.
    private static readonly TimeSpan Gathering = TimeSpan.FromSeconds(1);

    // Whether something else may be what the counts tell of: another message, or a database that was away.
    private volatile bool _isExcused;

    /// <summary>Is it to be tried by itself? A fatal one is parked as soon as it was handed over as often as poison is.</summary>
    public static bool IsDue(ReceivedMessage message) => message.DeliveryCount >= BrokerTopology.PoisonCount - MostTries;

    /// <summary>This publisher gives what it has in hand back to the queue, which counts.</summary>
    public void GaveBack() => _isExcused = true;

    /// <summary>Sees whether there are several; before it says that there is one, it waits for others.</summary>
    /// <param name="group">What was read, in order.</param>
    /// <param name="unread">What comes after it.</param>
    /// <returns>The group, with what was waited for.</returns>
    public async Task<IReadOnlyList<ReceivedMessage>> GatherAsync(IReadOnlyList<ReceivedMessage> group, ChannelReader<ReceivedMessage> unread, CancellationToken stop)
    {
        if (_isExcused || !group.Any(IsDue))
        {
            return group;
        }

        var gathered = group.ToList();
        if (gathered.Count(IsDue) == 1)
        {
            await Task.Delay(Gathering, clock, stop);
            while (gathered.Count < GroupSize.Most && unread.TryRead(out var more))
            {
                gathered.Add(more);
            }
        }

        _isExcused |= gathered.Count(IsDue) > 1;
        return gathered;
    }

    /// <summary>Answers how many deliveries it made.</summary>
    public async Task<int> RunAsync(ReceivedMessage suspect, CancellationToken stop)
    {
        var key = SHA256.HashData(suspect.Body);
        var tries = await database.RunAsync(token => store.TriesAsync(key, token), stop);
        var made = 0;
        if (tries >= MostTries || (tries == 0 && !_isExcused && suspect.DeliveryCount >= BrokerTopology.PoisonCount))
        {
            var alone = tries > 0 ? $", the last {tries} times with no other at work" : ", with no other such message in hand";
            var detail = $"The message was handed over {suspect.DeliveryCount} times and never finished{alone}.";
            Log.Parked(logger, detail);
            await turn.ParkAsync(suspect, detail, stop);
        }
        else
        {
            await WriteAsync(token => store.BeginAsync(key, tries + 1, token), stop);
            made = await turn.RunAsync([suspect], stop);
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
