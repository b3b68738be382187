namespace Webhooks.Database.Deliveries;

/// <summary>The names of a delivery's statuses, in the database and in the API. SQL spells them out.</summary>
public static class DeliveryStatus
{
    /// <summary>It has not ended; every other status is final.</summary>
    public const string Pending = "pending";

    public const string Delivered = "delivered";

    /// <summary>An answer, or a request that could not be made, that is not tried again.</summary>
    public const string Failed = "failed";

    /// <summary>The attempts are used up.</summary>
    public const string Exhausted = "exhausted";

    public const string Canceled = "canceled";

    /// <summary>All of them, in the order of a delivery's life.</summary>
    public static IReadOnlyList<string> All { get; } = [Pending, Delivered, Failed, Exhausted, Canceled];

    /// <summary>Those that a delivery can end with.</summary>
    public static IReadOnlyList<string> Ended { get; } = [Delivered, Failed, Exhausted, Canceled];

    /// <summary>Those that it can end with but success.</summary>
    public static IReadOnlyList<string> Undelivered { get; } = [Failed, Exhausted, Canceled];
}
