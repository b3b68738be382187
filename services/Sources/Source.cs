using Webhooks.Subscriptions.Secrets;

namespace Webhooks.Sources;

/// <summary>A configured origin of webhooks: how they are proved to be its own, and what they mean.</summary>
internal sealed record Source
{
    public required Guid Id { get; init; }

    public required string TenantId { get; init; }

    public required string Name { get; init; }

    /// <summary>A preset's name; it never changes.</summary>
    public required string Kind { get; init; }

    public required SourceSettings Settings { get; init; }

    /// <summary>The present one first, then those that are still taken during a rotation.</summary>
    public required IReadOnlyList<SubscriptionSecret> Secrets { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }
}
