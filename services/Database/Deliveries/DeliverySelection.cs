namespace Webhooks.Database.Deliveries;

/// <summary>Which deliveries a list or a replay is about, as far as indexes find them; null does not restrict.</summary>
public sealed record DeliverySelection
{
    /// <summary>Whose.</summary>
    public string? TenantId { get; init; }

    /// <summary>Of which subscription.</summary>
    public Guid? SubscriptionId { get; init; }

    /// <summary>Of which event, replays included; with <see cref="EventMoments"/>.</summary>
    public string? EventId { get; init; }

    /// <summary>When that event was accepted; several when tenants use the same id, none when there is no such event.</summary>
    public IReadOnlyList<DateTimeOffset>? EventMoments { get; init; }

    /// <summary>Inclusive.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Exclusive.</summary>
    public DateTimeOffset? Until { get; init; }
}

/// <summary>A delivery's place in the order of time: its row's key.</summary>
public readonly record struct DeliveryKey(DateTimeOffset CreatedAt, Guid Id);
