using Microsoft.Extensions.Options;
using Webhooks.Database.Faults;

namespace Webhooks.CallbackIngest.Keys;

/// <summary>
/// Writes down how keys ended that could not be told when it happened, as soon as the database answers again: their callers
/// were answered 503, and the next try should not have to wait for the lease. In memory: after a crash it does.
/// </summary>
internal sealed partial class UnsettledKeys(
    CompletionStore completions, DatabaseGate database, IOptions<CallbackOptions> options, TimeProvider clock, ILogger<UnsettledKeys> logger) : BackgroundService
{
    private const int Most = 10_000;
    private const int GroupLimit = 200;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private List<(Completion Completion, long Since)> _waiting = [];

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

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var group in Take().Chunk(GroupLimit))
            {
                var changed = await database.RunAsync(token => completions.WriteAsync([.. group.Select(entry => entry.Completion)], token), stoppingToken);
                if (changed.Count(wasWritten => wasWritten) is > 0 and var settled)
                {
                    Log.Settled(logger, settled);
                }

                PutBack(group.Where((entry, place) => !changed[place] && entry.Completion.FailedBecause is not null));
            }
        }
    }

    private List<(Completion Completion, long Since)> Take()
    {
        lock (_lock)
        {
            var taken = _waiting;
            _waiting = [];
            return taken;
        }
    }

    // A commit that nobody waits for any more may still come: looked for until its lease would be over.
    private void PutBack(IEnumerable<(Completion Completion, long Since)> group)
    {
        lock (_lock)
        {
            _waiting.AddRange(group.Where(entry => clock.GetElapsedTime(entry.Since) < options.Value.CallbackLease));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Callbacks} keys were given back, or marked as done, that could not be when their callers were answered")]
        public static partial void Settled(ILogger logger, int callbacks);
    }
}
