using Webhooks.Load.Filling;
using Webhooks.Load.Measuring;
using Webhooks.Load.Publishing;
using Webhooks.Load.Receiving;
using Webhooks.Load.Running;

namespace Webhooks.Load.Matching;

/// <summary>What an event costs among the subscriptions that want it, and among so many more that do not.</summary>
internal static class MatchingRun
{
    public static async Task<int> RunAsync(LoadOptions options, int subscriptionCount, CancellationToken cancellationToken)
    {
        await using var bench = await Bench.StartAsync(options, cancellationToken);
        await bench.WarmUpAsync(cancellationToken);
        var few = await MeasureAsync("few", options.Fanout);
        var changeAmongFew = await ChangeAsync("fewchange");
        var (many, changeAmongMany) = await AmongManyAsync();
        // Before and after, because services and machine become warmer meanwhile.
        var again = await MeasureAsync("again", options.Fanout);

        return Report.Print(
            new
            {
                options.Events,
                Wanting = options.Fanout,
                Subscriptions = subscriptionCount,
                Few = new[] { few, again },
                Many = many,
                ThroughputRatio = Math.Round(2 * many.DeliveriesPerSecond / (few.DeliveriesPerSecond + again.DeliveriesPerSecond), 3),
                FirstDeliveryAfterAChangeMs = new { Few = changeAmongFew, Many = changeAmongMany },
                Aims = new[]
                {
                    Aim.Below(1.10, 2 * many.Cost / (few.Cost + again.Cost), $"CPU of an event among {subscriptionCount} subscriptions, against {options.Fanout}"),
                    Aim.Below(1.10, 2 * many.CostOf("publisher") / (few.CostOf("publisher") + again.CostOf("publisher")), "CPU of the publisher alone, which matches"),
                },
            },
            few, many, again);

        async Task<(Side Side, double ChangeMs)> AmongManyAsync()
        {
            Progress.Tell($"making up {subscriptionCount - options.Fanout} more subscriptions, which want other types or are other tenants'");
            await using var others = await MadeUpSubscriptions.AddAsync(bench, subscriptionCount - options.Fanout, cancellationToken);
            return (await MeasureAsync("many", subscriptionCount), await ChangeAsync("manychange"));
        }

        // After a few events that wait until everybody has read the configuration.
        async Task<Side> MeasureAsync(string prefix, int count)
        {
            await bench.PassAsync(bench.Events($"{prefix}first", 10), cancellationToken);
            return await bench.MeasureAsync($"{count} subscriptions, of which {options.Fanout} want each event", bench.Events(prefix, options.Events), cancellationToken);
        }

        // From the request that makes one more subscription to the receipt of the first event that only it wants.
        async Task<double> ChangeAsync(string type)
        {
            var started = TimeProvider.System.GetTimestamp();
            var eventType = $"{EventSource.EventType}.{type}";
            await bench.Subscriptions.AddAsync([new Wanted(bench.Receiver.Url(0), eventType)], cancellationToken);
            var asked = TimeProvider.System.GetElapsedTime(started);
            var tally = new Tally(type, 1, fanout: 1, _ => eventType);
            await bench.PassAsync(tally, cancellationToken);
            return Math.Round((asked + tally.Duration).TotalMilliseconds);
        }
    }
}
