using Webhooks.Load.Measuring;
using Webhooks.Load.Publishing;
using Webhooks.Load.Receiving;
using Webhooks.Load.Running;

namespace Webhooks.Load.Neighbours;

/// <summary>
/// Twenty subscriptions, each with a type of its own, and events to each in turn. Once all answer; once one never answers and one
/// takes four seconds. What is measured is what the other eighteen get of it: not what changing twenty subscriptions costs, nor
/// compiling for the first time what only a bad receiver calls, nor what an earlier side has left behind.
/// </summary>
internal static class NeighbourRun
{
    private const int Subscriptions = 20;
    private const int Healthy = 18;
    private const int AfterChange = 5_000;
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(20);

    public static async Task<int> RunAsync(LoadOptions options, CancellationToken cancellationToken)
    {
        var misbehaviour = new Misbehaviour();
        await using var bench = await Bench.StartAsync(options, cancellationToken, misbehaviour);
        var healthy = bench.Receiver.Url(0);
        var (slow, silent) = (bench.Receiver.Url(Misbehaviour.SlowPath(Slow)), bench.Receiver.Url(Misbehaviour.SilentPath));

        await SubscribeAsync(healthy, healthy);
        await WarmUpAsync("warm");
        await SubscribeAsync(slow, silent);
        await WarmUpAsync("badwarm");

        var calm = await MeasureAsync("all twenty answer", "calm", healthy, healthy);
        var disturbed = await MeasureAsync("one never answers, one takes four seconds", "bad", slow, silent);
        var again = await MeasureAsync("all twenty answer again", "again", healthy, healthy);

        return Report.Print(
            new
            {
                options.Events,
                EventsPerSecondAsked = options.Rate,
                Healthy = new[] { calm, again },
                Disturbed = disturbed,
                Aims = new[]
                {
                    Aim.AtLeast(0.9, disturbed.Fast.DeliveriesPerSecond / Mean(sides => sides.Fast.DeliveriesPerSecond), "rate of the others, against undisturbed"),
                    Aim.Below(1.5, disturbed.Paced.LatencyMs["p99"] / Mean(sides => sides.Paced.LatencyMs["p99"]), "p99 of the others, against undisturbed"),
                },
            },
            new[] { calm, disturbed, again }.SelectMany(sides => new[] { sides.Fast, sides.Paced }));

        double Mean(Func<Sides, double> figure) => (figure(calm) + figure(again)) / 2;

        Task SubscribeAsync(string nineteenth, string twentieth) => bench.Subscriptions.ReplaceAsync(
            Enumerable.Range(0, Subscriptions).Select(number => new Wanted(number switch { Healthy => nineteenth, Healthy + 1 => twentieth, _ => healthy }, TypeOf(number))),
            cancellationToken);

        Task WarmUpAsync(string prefix)
        {
            Progress.Tell($"warming up with {options.Warmup} events");
            return bench.PassAsync(Events(prefix, options.Warmup), cancellationToken);
        }

        // To those that answer first; then to all, as fast as it goes for the throughput, and at the rate for the latency.
        async Task<Sides> MeasureAsync(string what, string prefix, string nineteenth, string twentieth)
        {
            await SubscribeAsync(nineteenth, twentieth);
            while (misbehaviour.Held > 0 || await bench.Subscriptions.PendingAsync(cancellationToken) > 0)
            {
                Progress.Tell($"  {misbehaviour.Held} requests of before are still open");
                await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            }

            await bench.PassAsync(new Tally(prefix + "first", AfterChange, fanout: 1, number => TypeOf(number % Healthy)), cancellationToken);
            return new(
                await bench.MeasureAsync(what, Events(prefix + "fast", options.Events), cancellationToken),
                await bench.MeasureAsync(what, Events(prefix + "paced", (int)(options.Rate * Window.TotalSeconds)), cancellationToken, options.Rate));
        }
    }

    private static Tally Events(string prefix, int count) => new(prefix, count, fanout: 1, number => TypeOf(number % Subscriptions), number => number % Subscriptions < Healthy);

    private static string TypeOf(int subscription) => $"{EventSource.EventType}.n{subscription}";

    private sealed record Sides(Side Fast, Side Paced);
}
