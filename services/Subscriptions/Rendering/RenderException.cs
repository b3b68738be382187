namespace Webhooks.Subscriptions.Rendering;

/// <summary>
/// A request that cannot be made from these settings and this event, and will not be by trying again. The message is a
/// sentence for the subscription's owner.
/// </summary>
public sealed class RenderException(Exception reason) : Exception($"The request could not be made: {reason?.Message}", reason);
