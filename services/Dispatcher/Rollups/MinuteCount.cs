using Webhooks.Dispatcher.Attempts;
using Webhooks.Sending.Measures;

namespace Webhooks.Dispatcher.Rollups;

/// <summary>What a group of attempts adds to one measure of one subscription.</summary>
internal readonly record struct MinuteCount(Guid SubscriptionId, short Measure, int Count);

/// <summary>Decides what a group of recorded attempts adds to the minute. Pure.</summary>
internal static class MinuteCounts
{
    /// <param name="claimed">Attempts that this call recorded; those that somebody else had recorded are counted there.</param>
    /// <param name="moved">Deliveries that it moved on: one that was canceled meanwhile stays so, and has ended as neither failed nor exhausted.</param>
    /// <returns>Sorted by key, so that two writers cannot deadlock.</returns>
    public static IReadOnlyList<MinuteCount> Of(IReadOnlyList<FinishedAttempt> claimed, IReadOnlySet<Guid> moved)
    {
        var counts = new Dictionary<(Guid, short), int>();
        foreach (var attempt in claimed)
        {
            Add(Measure.Attempts(attempt.Result.Outcome));
            if (!moved.Contains(attempt.Delivery.Id))
            {
                continue;
            }

            switch (attempt.Next)
            {
                case NextStep.Complete:
                    Add(Measure.Delivered(attempt.FinishedAt - attempt.Delivery.CreatedAt));
                    break;
                case NextStep.Fail:
                    Add(Measure.Failed);
                    break;
                case NextStep.Exhaust:
                    Add(Measure.Exhausted);
                    break;
                default:
                    continue;
            }

            if (attempt.Number > 1)
            {
                Add(Measure.Retried);
                if (attempt.Next is NextStep.Complete)
                {
                    Add(Measure.RetriedDelivered);
                }
            }

            void Add(short measure)
            {
                var key = (attempt.Delivery.SubscriptionId, measure);
                counts[key] = counts.GetValueOrDefault(key) + 1;
            }
        }

        return [.. counts.Select(count => new MinuteCount(count.Key.Item1, count.Key.Item2, count.Value)).OrderBy(count => count.SubscriptionId).ThenBy(count => count.Measure)];
    }
}
