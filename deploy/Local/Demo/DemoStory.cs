using Webhooks.Contracts;
using Webhooks.Local.Display;

namespace Webhooks.Local.Demo;

/// <summary>Tells the demo on the terminal, for somebody who sees the product for the first time.</summary>
internal sealed class DemoStory(ProgressDisplay display)
{
    public void Subscribed(string tenant, string receiver)
    {
        display.Heading("Demo");
        display.Done($"{DemoSubscription.All.Count} subscriptions of tenant {tenant}, received at {receiver}");
        foreach (var subscription in DemoSubscription.All)
        {
            display.Detail($"/{subscription.Name,-12} {string.Join(", ", subscription.EventTypes),-22} signed as {subscription.Profile}"
                + (subscription.Name == DemoSubscription.Flaky ? "; answers 503 twice" : ""));
        }
    }

    public void Published(IReadOnlyCollection<Publication> publications) => display.Done(
        $"{publications.Count} events published: {string.Join(", ", publications.CountBy(publication => publication.Through).Select(by => $"{by.Value} over {by.Key}"))}");

    public void Received(IReadOnlyDictionary<string, Publication> publications, IReadOnlyList<Receipt> receipts, TimeProvider clock)
    {
        display.Done($"{receipts.Count} requests received, every signature verified");
        foreach (var publication in publications.Values)
        {
            var arrivals = receipts.Where(receipt => receipt.EventId == publication.Event.Id)
                .GroupBy(receipt => receipt.Subscription)
                .Select(group => $"{group.Key} {clock.GetElapsedTime(publication.At, group.First().At).TotalMilliseconds:0} ms"
                    + (group.Count() > 1 ? $" ({group.Count()} times)" : ""));
            display.Detail($"{publication.Event.Type,-22} {publication.Through}  {string.Join(", ", arrivals)}");
        }
    }

    /// <summary>The way back, from the external system to the domain service.</summary>
    public void CalledBack(ApplyExceptionCallback command, TimeSpan took, CallbackStory callback)
    {
        display.Done($"{command.ExternalSystem} called back about {command.ExceptionId}: {command.Status}, sent twice under one key");
        display.Detail($"one command {command.CommandId} reached the domain service after {took.TotalMilliseconds:0} ms");
        display.Detail($"its result came back: the callback is {callback.Status} ({callback.Reason}), as {callback.Id}; it answers {callback.Deliveries.Count} deliveries");
        if (callback.CommandId != command.CommandId || callback.Deliveries.Count == 0)
        {
            throw new DemoException("The callback should be linked to the command that arrived and to the deliveries that told of its exception.");
        }
    }

    /// <summary>From the delivery's record, not from what the receiver remembers.</summary>
    public void FailedTwice(DeliveryHistory delivery)
    {
        display.Done($"The delivery that failed twice: {delivery.EventType} as {delivery.Id}");
        DateTimeOffset? before = null;
        foreach (var attempt in delivery.Attempts)
        {
            var gap = before is { } earlier ? $"+{(attempt.StartedAt - earlier).TotalSeconds:0.00} s" : "";
            display.Detail($"attempt {attempt.Number}  {attempt.StartedAt:HH:mm:ss.fff}  {gap,-8}  {attempt.StatusCode} {attempt.Outcome}  (took {attempt.DurationMs} ms)");
            before = attempt.StartedAt;
        }

        var sameBody = delivery.Attempts.Select(attempt => attempt.Request.Body).Distinct().Count() == 1;
        display.Detail($"{delivery.Status} after {delivery.Attempts.Count} attempts" + (sameBody ? ", the same bytes each time" : ", BUT NOT with the same body"));
        if (!sameBody || delivery is not { Status: "delivered", Attempts: [{ StatusCode: 503 }, { StatusCode: 503 }, { StatusCode: 200 }] })
        {
            throw new DemoException("It should have been answered 503, 503 and 200, with the same body each time.");
        }
    }
}
