using Webhooks.Load.Measuring;
using Webhooks.Load.Running;

namespace Webhooks.Load.Callbacks;

/// <summary>One measurement of callbacks: warm-up, run, floor, report.</summary>
internal static class CallbackLoad
{
    public static async Task<int> RunAsync(CallbackLoadOptions options, CancellationToken cancellationToken)
    {
        await using var system = await RunningSystem.StartOrUseAsync(options.Endpoints, cancellationToken);
        using var callers = new Callers(new Uri(system.Callbacks), system.AdminToken);

        Progress.Tell($"warming up with {options.Warmup} callbacks");
        await callers.CallAsync(options.Warmup, options.Callers, rate: 0, cancellationToken);

        Progress.Tell($"{options.Callbacks} callbacks{(options.Rate > 0 ? $", {options.Rate} a second" : $", {options.Callers} at a time")}");
        var before = ProcessCosts.Of(system.Processes);
        var run = await callers.CallAsync(options.Callbacks, options.Callers, options.Rate, cancellationToken);
        var costs = ProcessCosts.Of(system.Processes).Since(before);

        Progress.Tell("measuring the floor: a bare endpoint that reads and parses the same bodies");
        await using var bare = await BareEndpoint.StartAsync(cancellationToken);
        using var bareCallers = new Callers(bare.Url, system.AdminToken);
        await bareCallers.CallAsync(options.Warmup, options.Callers, rate: 0, cancellationToken);
        var floor = await bareCallers.CallAsync(options.Callbacks, options.Callers, rate: 0, cancellationToken);

        _ = Report.Print(
            new
            {
                options.Callbacks,
                CallbacksPerSecondAsked = options.Rate > 0 ? options.Rate : (double?)null,
                CallbacksPerSecond = Math.Round(run.PerSecond),
                LatencyMs = run.LatencyMs,
                run.Refused,
                Floor = Math.Round(floor.PerSecond),
                // At a pace nothing is compared: the callers waited on purpose.
                RatioToFloor = options.Rate > 0 ? (double?)null : Math.Round(run.PerSecond / floor.PerSecond, 3),
                CpuMicrosecondsPerCallback = costs.MicrosecondsPer(options.Callbacks),
            });
        return run.Refused == 0 ? 0 : 1;
    }
}
