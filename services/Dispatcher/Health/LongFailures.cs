using Microsoft.Extensions.Logging;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Dispatcher.Health;

/// <summary>The leader's duty to disable subscriptions whose receivers have failed for days.</summary>
internal sealed partial class LongFailures(
    HealthStore store, SubscriptionStore subscriptions, BreakerOptions rules, TimeProvider clock, ILogger<LongFailures> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Looks after them until the leadership ends.</summary>
    public async Task RunAsync(CancellationToken leading)
    {
        while (true)
        {
            foreach (var (subscriptionId, health) in await store.FindLongUnsuccessfulAsync(leading))
            {
                if (LongFailure.IsDue(health, rules) && await subscriptions.DisableAsync(subscriptionId, LongFailure.Reason, leading))
                {
                    Log.Disabled(logger, subscriptionId, health.UnsuccessfulSince, health.Unsuccessful);
                }
            }

            await Task.Delay(Interval, clock, leading);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Subscription sub_{SubscriptionId:N} is disabled: none of its {Attempts} attempts since {Since} was a success")]
        public static partial void Disabled(ILogger logger, Guid subscriptionId, DateTimeOffset? since, int attempts);
    }
}
