using System.Text.Json;
using Webhooks.Load.Floor;
using Webhooks.Load.Measuring;
using Webhooks.Load.Publishing;
using Webhooks.Load.Receiving;
using Webhooks.Load.Running;

namespace Webhooks.Load;

/// <summary>One measurement from start to finish: floor, warm-up, run, floor again, report.</summary>
internal static class LoadRun
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public static async Task<int> RunAsync(LoadOptions options, CancellationToken cancellationToken)
    {
        await using var system = await RunningSystem.StartOrUseAsync(options.Endpoints, cancellationToken);
        await using var receiver = await Receiver.StartAsync(options.Fanout, cancellationToken);
        var subscriptions = new LoadSubscriptions(system);
        var secret = await subscriptions.CreateAsync(receiver, options, cancellationToken);
        await using var source = new EventSource(system.Amqp);

        Progress($"warming up with {options.WarmupEvents} events");
        await DeliverAsync(source, receiver, "warm", options.WarmupEvents, options with { Rate = 0 }, cancellationToken);
        var floorBefore = await FloorAsync(receiver, options, secret, cancellationToken);

        Progress($"{options.Events} events, fan-out {options.Fanout}{(options.Rate > 0 ? $", {options.Rate} a second" : "")}");
        var before = ProcessCosts.Of(system.Processes);
        var tally = await DeliverAsync(source, receiver, "load", options.Events, options, cancellationToken);
        var costs = ProcessCosts.Of(system.Processes).Since(before);
        var floorAfter = await FloorAsync(receiver, options, secret, cancellationToken);

        var report = Report.Of(options, tally, costs, (floorBefore + floorAfter) / 2);
        Console.WriteLine(JsonSerializer.Serialize(report, Report.Json));
        return report.Lost == 0 ? 0 : 1;
    }

    private static async Task<Tally> DeliverAsync(
        EventSource source, Receiver receiver, string prefix, int events, LoadOptions options, CancellationToken cancellationToken)
    {
        var tally = receiver.Expect(prefix, events, options.Fanout);
        var publishing = source.PublishAsync(tally, options.Rate, cancellationToken);
        await tally.WhenAllArrivedAsync(publishing, Patience, received => Progress($"  {received} of {events * options.Fanout} received"), cancellationToken);
        await publishing;
        // Duplicates come after the first copies: a moment for them, bounded by silence.
        await tally.WhenQuietAsync(TimeSpan.FromSeconds(1), cancellationToken);
        return tally;
    }

    private static async Task<double> FloorAsync(Receiver receiver, LoadOptions options, string secret, CancellationToken cancellationToken)
    {
        Progress("measuring the floor: a bare signed HTTP loop to the same receiver");
        return await FloorLoop.MeasureAsync(receiver.Url(0), receiver.SampleBody, secret, options.Profile, cancellationToken);
    }

    internal static void Progress(string text) => Console.Error.WriteLine($"{TimeProvider.System.GetLocalNow():HH:mm:ss} {text}");
}
