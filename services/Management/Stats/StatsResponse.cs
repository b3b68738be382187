using System.Text.Json.Serialization;
using Webhooks.Api.Pages;
using Webhooks.Contracts;

namespace Webhooks.Management.Stats;

/// <summary>The figures of all that was asked for, then by interval, then by subscription.</summary>
internal sealed class StatsResponse(StatsQuery query, IReadOnlyDictionary<short, long> counts) : Figures(counts)
{
    /// <summary>Inclusive: the beginning of the minute that was asked for.</summary>
    public DateTimeOffset Since { get; } = query.Since;

    /// <summary>Exclusive: the end of the minute that was asked for.</summary>
    public DateTimeOffset Until { get; } = query.Until;

    /// <summary>How long the intervals are; null: there are none.</summary>
    public string? Resolution { get; } = query.Resolution?.Name;

    /// <summary>Every interval, also those in which nothing happened, oldest first; null when no resolution was asked for.</summary>
    [JsonPropertyOrder(2)]
    public required IReadOnlyList<StatsPoint>? Series { get; init; }

    /// <summary>Newest subscription first, also those for which nothing happened; the deleted ones are only in the totals.</summary>
    [JsonPropertyOrder(2)]
    public required Page<SubscriptionStats> Subscriptions { get; init; }
}

/// <summary>The figures of one interval.</summary>
internal sealed class StatsPoint(DateTimeOffset at, IReadOnlyDictionary<short, long> counts) : Figures(counts)
{
    /// <summary>Its beginning.</summary>
    public DateTimeOffset At { get; } = at;
}

/// <summary>The figures of one subscription.</summary>
internal sealed class SubscriptionStats(Guid id, IReadOnlyDictionary<short, long> counts) : Figures(counts)
{
    public string SubscriptionId { get; } = PrefixedId.Format(PrefixedId.Subscription, id);
}
