using System.Diagnostics;
using Webhooks.Load.Filling;
using Webhooks.Load.Measuring;
using Webhooks.Load.Publishing;
using Webhooks.Load.Receiving;
using Webhooks.Load.Running;

namespace Webhooks.Load.Backlogs;

/// <summary>
/// How fresh deliveries fare while a great number of retries is due at once. The retries are made up, as rows that all come due at
/// one moment; the system finds, announces and sends them itself.
/// </summary>
internal static class RetryBacklogRun
{
    private const string RetriedType = EventSource.EventType + ".retried";

    // Answered, and not counted: what is measured are the fresh ones.
    private const string RetriedPath = "/retried";

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    // How a backlog begins is what the fresh ones feel most.
    private static readonly TimeSpan Beginning = TimeSpan.FromSeconds(10);

    // Of a real backlog PostgreSQL has known since its first attempts; this one is made in a second, and analyzed before it is due.
    private static readonly TimeSpan UntilDue = TimeSpan.FromSeconds(20);

    // Fresh ones come before a backlog is due as they do afterwards: what it costs to begin after a silence is not what is measured.
    private static readonly TimeSpan Flow = TimeSpan.FromSeconds(5);

    // From the beginning of that flow to the beginning of the measurement, which is a moment before the backlog is due.
    private static readonly TimeSpan UntilMeasured = Flow + TimeSpan.FromSeconds(2);

    public static async Task<int> RunAsync(LoadOptions options, int backlog, CancellationToken cancellationToken)
    {
        await using var bench = await Bench.StartAsync(options, cancellationToken);
        await bench.WarmUpAsync(cancellationToken);
        var retried = await bench.Subscriptions.AddAsync(
            Enumerable.Range(0, MadeUpRows.Fanout).Select(_ => new Wanted(bench.Receiver.Url(RetriedPath), RetriedType)), cancellationToken);
        await Task.Delay(await MakeUpAsync(bench, retried, options.Warmup, cancellationToken), cancellationToken);
        await DrainAsync(bench, cancellationToken);
        var (calm, calmBeginning) = await FreshAsync("calm");

        Progress.Tell($"making up {backlog} retries that are due");
        var untilDue = await MakeUpAsync(bench, retried, backlog, cancellationToken);
        var due = await bench.Subscriptions.PendingAsync(cancellationToken);
        await Task.Delay(untilDue - UntilMeasured, cancellationToken);
        var started = Stopwatch.GetTimestamp();
        var (busy, busyBeginning) = await FreshAsync("busy");
        var left = await bench.Subscriptions.PendingAsync(cancellationToken);
        var perSecond = (due - left) / (Stopwatch.GetElapsedTime(started) - UntilMeasured).TotalSeconds;
        await DrainAsync(bench, cancellationToken);
        var (again, againBeginning) = await FreshAsync("again");

        return Report.Print(
            new
            {
                RetriesDue = due,
                FreshPerSecondAsked = options.Rate,
                Calm = new[] { calm, again },
                Busy = busy,
                FirstTenSecondsMs = new { Calm = new[] { calmBeginning, againBeginning }, Busy = busyBeginning },
                RetriesLeftAfterwards = left,
                RetriesPerSecondMeanwhile = Math.Round(perSecond),
                Aims = new[]
                {
                    Aim.Below(1.2, Percentiles.Ratio("p50", busy.LatencyMs, calm.LatencyMs, again.LatencyMs), "median latency of fresh deliveries while retries are due, against without"),
                    Aim.Below(1.2, Percentiles.Ratio("p99", busy.LatencyMs, calm.LatencyMs, again.LatencyMs), "p99 of the same"),
                    Aim.Below(1.2, Percentiles.Ratio("p50", busyBeginning, calmBeginning, againBeginning), "median in the first ten seconds"),
                    Aim.Below(1.2, Percentiles.Ratio("p99", busyBeginning, calmBeginning, againBeginning), "p99 in the first ten seconds"),
                },
            },
            calm, busy, again);

        async Task<(Side All, IReadOnlyDictionary<string, double> BeginningMs)> FreshAsync(string prefix)
        {
            await bench.PassAsync(bench.Events($"{prefix}first", (int)(options.Rate * Flow.TotalSeconds)), cancellationToken, options.Rate);
            var tally = bench.Events(prefix, (int)(options.Rate * Window.TotalSeconds));
            var all = await bench.MeasureAsync($"fresh events, {prefix}", tally, cancellationToken, options.Rate);
            return (all, Percentiles.Of(tally.LatenciesOfFirst((int)(options.Rate * Beginning.TotalSeconds))));
        }
    }

    /// <summary>Answers in what time they are due.</summary>
    private static async Task<TimeSpan> MakeUpAsync(Bench bench, Guid[] subscriptions, int retries, CancellationToken cancellationToken)
    {
        var now = TimeProvider.System.GetUtcNow();
        await using var database = MadeUpRows.Open(bench.System);
        var rows = new MadeUpRows
        {
            EventPrefix = $"evt_retried_{Guid.NewGuid():N}_",
            Events = Math.Max(1, retries / MadeUpRows.Fanout),
            From = now,
            Step = TimeSpan.FromMicroseconds(1),
            TenantId = EventSource.TenantId,
            EventType = RetriedType,
            Subscriptions = subscriptions,
            Data = EventSource.Data,
            RetryAt = now + UntilDue,
        };
        await rows.InsertAsync(database, cancellationToken);
        await MadeUpRows.AnalyzeAsync(database, cancellationToken);
        var wait = now + UntilDue - TimeProvider.System.GetUtcNow();
        return wait > UntilMeasured ? wait : UntilMeasured;
    }

    private static async Task DrainAsync(Bench bench, CancellationToken cancellationToken)
    {
        while (await bench.Subscriptions.PendingAsync(cancellationToken) is > 0 and var pending)
        {
            Progress.Tell($"  {pending} retries are left");
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
        }
    }
}
