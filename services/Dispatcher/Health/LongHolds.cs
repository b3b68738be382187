using Microsoft.Extensions.Logging;

namespace Webhooks.Dispatcher.Health;

/// <summary>The leader's duty to exhaust deliveries that open breakers have kept waiting for too long.</summary>
internal sealed partial class LongHolds(HoldStore store, BreakerOptions rules, TimeProvider clock, ILogger<LongHolds> logger)
{
    private const int ChunkLimit = 1_000;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // A backlog of a million is not read every second.
    private readonly TimeSpan _patience = rules.HoldFor / 10 is var tenth && tenth < TimeSpan.FromMinutes(1) ? tenth : TimeSpan.FromMinutes(1);
    private readonly Dictionary<Guid, DateTimeOffset> _lookedAt = [];

    /// <summary>Looks after them until the leadership ends.</summary>
    public async Task RunAsync(CancellationToken leading)
    {
        while (true)
        {
            foreach (var breaker in await store.FindOpenAsync(leading))
            {
                await EndAsync(breaker, leading);
            }

            await Task.Delay(Interval, clock, leading);
        }
    }

    private async Task EndAsync(OpenBreaker breaker, CancellationToken leading)
    {
        var now = clock.GetUtcNow();
        if (_lookedAt.TryGetValue(breaker.SubscriptionId, out var at) && now - at < _patience)
        {
            return;
        }

        _lookedAt[breaker.SubscriptionId] = now;
        var ended = 0;
        while (await store.ExhaustAsync(breaker, rules.HoldFor, ChunkLimit, leading) is var count and > 0)
        {
            ended += count;
        }

        if (ended > 0)
        {
            Log.Exhausted(logger, ended, breaker.SubscriptionId, breaker.OpenedAt);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Deliveries} deliveries of subscription sub_{SubscriptionId:N}, whose breaker is open since {Since}, have waited for too long and are exhausted")]
        public static partial void Exhausted(ILogger logger, int deliveries, Guid subscriptionId, DateTimeOffset since);
    }
}
