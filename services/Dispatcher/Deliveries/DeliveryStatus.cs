namespace Webhooks.Dispatcher.Deliveries;

/// <summary>The names that a delivery's status has in the database, of those that are decided by.</summary>
internal static class DeliveryStatus
{
    /// <summary>Every other one is final.</summary>
    public const string Pending = "pending";

    public const string Failed = "failed";
}
