using Microsoft.Extensions.Logging;
using Npgsql;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Dispatcher.Health;

/// <summary>The leader's duty to disable subscriptions whose receivers have failed for days, and to forget those of deleted ones.</summary>
internal sealed partial class LongFailures(
    HealthStore store, SubscriptionStore subscriptions, BreakerOptions rules, TimeProvider clock, ILogger<LongFailures> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    // Each look reads every row, and where days are counted a minute makes no difference.
    private readonly TimeSpan _interval = rules.DisableAfter / 10 is var tenth && tenth < TimeSpan.FromMinutes(1) ? tenth : TimeSpan.FromMinutes(1);

    /// <summary>Looks after them until the leadership ends.</summary>
    public async Task RunAsync(CancellationToken leading)
    {
        while (true)
        {
            foreach (var (subscriptionId, health) in await store.FindLongUnsuccessfulAsync(leading))
            {
                if (LongFailure.IsDue(health, rules) && await DisableAsync(subscriptionId, leading))
                {
                    Log.Disabled(logger, subscriptionId, health.UnsuccessfulSince, health.Unsuccessful);
                }
            }

            await store.ForgetDeletedAsync(leading);
            await Task.Delay(_interval, clock, leading);
        }
    }

    private async Task<bool> DisableAsync(Guid subscriptionId, CancellationToken leading)
    {
        try
        {
            return await subscriptions.DisableAsync(subscriptionId, LongFailure.Reason, Patience, leading);
        }
        catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            // Somebody holds it. The others are not to wait for that, and the next look finds it again.
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Subscription sub_{SubscriptionId:N} is disabled: none of its {Attempts} attempts since {Since} was a success")]
        public static partial void Disabled(ILogger logger, Guid subscriptionId, DateTimeOffset? since, int attempts);
    }
}
