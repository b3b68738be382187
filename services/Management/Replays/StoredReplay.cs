using Webhooks.Database.Deliveries;
using Webhooks.Database.Replays;

namespace Webhooks.Management.Replays;

/// <summary>A replay's row.</summary>
internal sealed record StoredReplay
{
    public required Guid Id { get; init; }

    /// <summary>Null: of all tenants.</summary>
    public required string? TenantId { get; init; }

    public required ReplaySelection Selection { get; init; }

    public required double? RatePerSecond { get; init; }

    public required string Status { get; init; }

    public required long Matched { get; init; }

    public required long Done { get; init; }

    public required string? Error { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    public required DateTimeOffset? FinishedAt { get; init; }
}

/// <summary>How many deliveries match, as far as was counted.</summary>
/// <param name="Matched">So many, or more.</param>
/// <param name="IsComplete">All were counted.</param>
/// <param name="End">The last one looked at; null: none, or all.</param>
internal readonly record struct ReplayCount(long Matched, bool IsComplete, DeliveryKey? End);
