using Webhooks.Dispatcher.Attempts;

namespace Webhooks.Dispatcher.Health;

/// <summary>What a group of attempts says of one subscription's receiver, in the order in which they ended.</summary>
internal sealed record HealthGroup(Guid SubscriptionId, string TenantId, IReadOnlyList<Report> Reports)
{
    /// <summary>Sorted by key, so that two writers cannot deadlock.</summary>
    public static IReadOnlyList<HealthGroup> Of(IReadOnlyList<FinishedAttempt> attempts) =>
    [
        .. attempts.GroupBy(attempt => attempt.Delivery.SubscriptionId)
            .Select(ofOne => new HealthGroup(ofOne.Key, ofOne.First().Delivery.Event.TenantId, [.. ofOne.Select(Report.Of).OrderBy(report => report.FinishedAt)])
            {
                IsOutsideLane = ofOne.Any(attempt => !attempt.InLane),
            })
            .OrderBy(group => group.SubscriptionId),
    ];

    /// <summary>A message asked for one of the attempts: when that was looked at, the subscription had no lane.</summary>
    public bool IsOutsideLane { get; init; }

    public bool HasFailure => Reports.Any(report => report.Signal != Signal.Success);

    /// <summary>What of it speaks of the receiver at this URL.</summary>
    public HealthGroup Of(string url) => this with { Reports = [.. Reports.Where(report => report.Url == url)] };

    public EndpointHealth After(EndpointHealth before, BreakerOptions rules) =>
        Reports.Aggregate(before, (health, report) => Breaker.After(health, report, rules));
}
