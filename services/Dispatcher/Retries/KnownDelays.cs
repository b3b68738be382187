using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Retries;

namespace Webhooks.Dispatcher.Retries;

/// <summary>The delays for which queues are kept: those of the default schedule and of every policy in use.</summary>
internal static class KnownDelays
{
    public static IEnumerable<TimeSpan> Of(IEnumerable<Subscription> subscriptions) =>
        subscriptions
            .Where(subscription => subscription is { Deleted: false, Settings.Retry: not null })
            .Select(subscription => subscription.Settings.RetryPolicy)
            .Append(RetryPolicy.Default)
            .SelectMany(BrokeredWaits.Of)
            .Distinct()
            .Order();
}
