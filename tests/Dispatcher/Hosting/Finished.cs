using Webhooks.Dispatcher.Attempts;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Sending;
using Webhooks.Subscriptions.Rendering;

namespace Webhooks.Dispatcher.Tests;

/// <summary>Attempts that have been made and are not recorded yet.</summary>
internal static class Finished
{
    /// <summary>Where they went. A receiver's health is told by what went to its subscription's present URL.</summary>
    public const string Url = "https://receiver.example/";

    /// <summary>A first attempt that failed and is the last.</summary>
    public static FinishedAttempt LastAttempt(Accepted delivery, int statusCode = 503) =>
        Attempt(Rows.Of(delivery), new NextStep.Exhaust(), statusCode: statusCode);

    /// <summary>The next attempt of a row, begun when the delivery was accepted.</summary>
    public static FinishedAttempt Attempt(
        DeliveryRow delivery, NextStep next, AttemptOutcome outcome = AttemptOutcome.ServerError, int? statusCode = 503) => new()
    {
        Delivery = delivery,
        Number = delivery.LastAttempt + 1,
        Request = new WebhookRequest("tenant_001", Url, default, [], TimeSpan.FromSeconds(5)),
        Result = new SendResult { Outcome = outcome, StatusCode = statusCode, StartedAt = delivery.CreatedAt, Duration = TimeSpan.FromMilliseconds(3) },
        Next = next,
        NextAttemptAt = next is NextStep.Retry retry ? delivery.CreatedAt + retry.Wait : null,
        TraceId = null,
    };
}
