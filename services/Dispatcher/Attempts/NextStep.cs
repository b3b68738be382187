using Webhooks.Database.Deliveries;
using Webhooks.Sending;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Retries;

namespace Webhooks.Dispatcher.Attempts;

/// <summary>The closed set of what can follow an attempt, each with the status it leaves the delivery in.</summary>
internal abstract record NextStep(string Status)
{
    public sealed record Complete() : NextStep(DeliveryStatus.Delivered);

    /// <param name="DisablesSubscription">The receiver said that it is gone.</param>
    public sealed record Fail(bool DisablesSubscription) : NextStep(DeliveryStatus.Failed);

    public sealed record Exhaust() : NextStep(DeliveryStatus.Exhausted);

    /// <summary>Another attempt after <paramref name="Wait"/>, which is never shorter than the policy asks.</summary>
    /// <param name="Brokered">True: a delay queue carries it. False: the row's due time is enough.</param>
    public sealed record Retry(TimeSpan Wait, bool Brokered) : NextStep(DeliveryStatus.Pending);
}

/// <summary>Decides what follows an attempt. Pure: no clock, no database, no broker; chance is given.</summary>
internal static class NextSteps
{
    /// <param name="number">The attempt just made, from 1.</param>
    /// <param name="result">What it came to.</param>
    /// <param name="settings">The subscription's current settings: which failures are retried, and when.</param>
    /// <param name="chance">0 up to 1, for the policy's jitter.</param>
    public static NextStep After(int number, SendResult result, SubscriptionSettings settings, double chance) =>
        OutcomeTable.Judge(result.Outcome, settings.EffectiveRetryOn) switch
        {
            Verdict.Deliver => new NextStep.Complete(),
            Verdict.FailAndDisable => new NextStep.Fail(DisablesSubscription: true),
            Verdict.Fail => new NextStep.Fail(DisablesSubscription: false),
            _ => number >= settings.RetryPolicy.MaxAttempts
                ? new NextStep.Exhaust()
                : Retry(settings.RetryPolicy, number + 1, result.RetryAfter, chance),
        };

    private static NextStep.Retry Retry(RetryPolicy policy, int number, TimeSpan? retryAfter, double chance)
    {
        var scheduled = policy.WaitBefore(number, chance);

        // A receiver may ask for more time, never for less.
        var wait = retryAfter > scheduled ? retryAfter.Value : scheduled;

        // Only a delay queue needs a round number; what the row keeps is kept exactly.
        var rounded = BrokeredWaits.Rounded(wait);
        return BrokeredWaits.Carry(policy, rounded, asked: retryAfter is not null)
            ? new NextStep.Retry(rounded, Brokered: true)
            : new NextStep.Retry(wait, Brokered: false);
    }
}
