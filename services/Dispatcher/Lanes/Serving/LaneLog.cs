using Microsoft.Extensions.Logging;

namespace Webhooks.Dispatcher.Lanes.Serving;

/// <summary>
/// What is logged of the lanes that this dispatcher serves, all under the name of <see cref="LaneServing"/>: each number is one line's.
/// </summary>
internal static partial class LaneLog
{
    [LoggerMessage(1, LogLevel.Error,
        "Serving the lane of subscription sub_{SubscriptionId:N} failed by a fault of our own and is tried again in {Seconds} s")]
    public static partial void ServingFailed(ILogger logger, Exception fault, Guid subscriptionId, double seconds);

    [LoggerMessage(2, LogLevel.Error,
        "Work on delivery dlv_{DeliveryId:N} of a lane failed by a fault of our own and is tried again")]
    public static partial void WorkFailed(ILogger logger, Exception fault, Guid deliveryId);

    [LoggerMessage(3, LogLevel.Information,
        "The lane of subscription sub_{SubscriptionId:N} was opened ({Reason}), and this dispatcher serves it (fence {Fence})")]
    public static partial void Opened(ILogger logger, Guid subscriptionId, string reason, long fence);

    [LoggerMessage(4, LogLevel.Information,
        "This dispatcher takes over the lane of subscription sub_{SubscriptionId:N} ({Reason}, fence {Fence})")]
    public static partial void TakenOver(ILogger logger, Guid subscriptionId, string reason, long fence);

    [LoggerMessage(5, LogLevel.Information,
        "This dispatcher finds that it holds the lane of subscription sub_{SubscriptionId:N} (fence {Fence}), and serves it")]
    public static partial void Found(ILogger logger, Guid subscriptionId, long fence);
}
