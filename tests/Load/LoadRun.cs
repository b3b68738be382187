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
    public static async Task<int> RunAsync(LoadOptions options, CancellationToken cancellationToken)
    {
        await using var system = await RunningSystem.StartOrUseAsync(options.Endpoints, cancellationToken);
        await using var receiver = await Receiver.StartAsync(options.Fanout, cancellationToken);
        using var subscriptions = new LoadSubscriptions(system);
        await subscriptions.ReplaceAsync(Enumerable.Range(0, options.Fanout).Select(number => new Wanted(receiver.Url(number))), options.Profile, cancellationToken);
        await using var source = new EventSource(system.Amqp);

        Progress($"warming up with {options.WarmupEvents} events");
        await Passage.RunAsync(source, receiver, new Tally("warm", options.WarmupEvents, options.Fanout), rate: 0, cancellationToken);
        var floorBefore = await FloorAsync(receiver, options, subscriptions.Secret, cancellationToken);

        Progress($"{options.Events} events, fan-out {options.Fanout}{(options.Rate > 0 ? $", {options.Rate} a second" : "")}");
        var before = ProcessCosts.Of(system.Processes);
        var tally = await Passage.RunAsync(source, receiver, new Tally("load", options.Events, options.Fanout), options.Rate, cancellationToken);
        var costs = ProcessCosts.Of(system.Processes).Since(before);
        var floorAfter = await FloorAsync(receiver, options, subscriptions.Secret, cancellationToken);

        var report = Report.Of(options, tally, costs, (floorBefore + floorAfter) / 2);
        Console.WriteLine(JsonSerializer.Serialize(report, Report.Json));
        return report.Lost == 0 ? 0 : 1;
    }

    private static async Task<double> FloorAsync(Receiver receiver, LoadOptions options, string secret, CancellationToken cancellationToken)
    {
        Progress("measuring the floor: a bare signed HTTP loop to the same receiver");
        return await FloorLoop.MeasureAsync(receiver.Url(0), receiver.SampleBody, secret, options.Profile, cancellationToken);
    }

    internal static void Progress(string text) => Console.Error.WriteLine($"{TimeProvider.System.GetLocalNow():HH:mm:ss} {text}");
}
