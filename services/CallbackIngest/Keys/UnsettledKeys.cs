using Microsoft.Extensions.Options;
using Webhooks.Database.Faults;

namespace Webhooks.CallbackIngest.Keys;

/// <summary>
/// Writes down how keys ended that could not be told when it happened, as soon as the database answers again: their callers
/// were answered 503, and the next try should not have to wait for the lease. In memory: after a crash it does.
/// </summary>
internal sealed partial class UnsettledKeys(
    CompletionStore completions, DatabaseGate database, IOptions<CallbackOptions> options, TimeProvider clock, ILogger<UnsettledKeys> logger) : ServiceLoop
{
    private const int Most = 10_000;
    private const int GroupLimit = 200;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();

    // Taken out when it is written, and not before: a stop may come amid the write.
    private readonly List<(Completion Completion, long Since)> _waiting = [];

    /// <summary>Beyond what fits, the lease does.</summary>
    public void Add(Completion completion)
    {
        lock (_lock)
        {
            if (_waiting.Count < Most)
            {
                _waiting.Add((completion, clock.GetTimestamp()));
            }
        }
    }

    /// <summary>After the last group of <see cref="KeyKeeper"/>: what is left. RabbitMQ may have these commands, and the leases would say that they failed.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        // It would write the same beside us.
        if (IsLeftBehind || !await LastWrite.TryAsync(WriteAllAsync, clock))
        {
            Log.Unwritten(logger, Count());
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await WriteAllAsync(stoppingToken);
        }
    }

    private async Task WriteAllAsync(CancellationToken cancellationToken)
    {
        // What goes on waiting comes behind these.
        for (var left = Count(); left > 0;)
        {
            var group = First(Math.Min(left, GroupLimit));
            var changed = await database.RunAsync(token => completions.WriteAsync([.. group.Select(entry => entry.Completion)], token), cancellationToken);
            if (changed.Count(wasWritten => wasWritten) is > 0 and var settled)
            {
                Log.Settled(logger, settled);
            }

            Settle(group, changed);
            left -= group.Count;
        }
    }

    private int Count()
    {
        lock (_lock)
        {
            return _waiting.Count;
        }
    }

    private List<(Completion Completion, long Since)> First(int count)
    {
        lock (_lock)
        {
            return _waiting[..count];
        }
    }

    // A commit that nobody waits for any more may still come: looked for until its lease would be over.
    private void Settle(List<(Completion Completion, long Since)> group, bool[] changed)
    {
        var unsettled = group.Where((entry, place) =>
            !changed[place] && entry.Completion.FailedBecause is not null && clock.GetElapsedTime(entry.Since) < options.Value.CallbackLease);
        lock (_lock)
        {
            _waiting.RemoveRange(0, group.Count);
            _waiting.AddRange(unsettled);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Callbacks} keys were given back, or marked as done, that could not be when their callers were answered")]
        public static partial void Settled(ILogger logger, int callbacks);

        [LoggerMessage(2, LogLevel.Warning, "{Callbacks} keys could not be given back, or marked as done, before the end: the database did not answer. They are free after their leases")]
        public static partial void Unwritten(ILogger logger, int callbacks);
    }
}
