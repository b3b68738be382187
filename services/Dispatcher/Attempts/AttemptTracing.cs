using System.Diagnostics;
using Webhooks.Dispatcher.Deliveries;

namespace Webhooks.Dispatcher.Attempts;

/// <summary>The span of an attempt: the first continues the event's trace, a retry or replay starts its own and links to it.</summary>
internal static class AttemptTracing
{
    private static readonly ActivitySource Source = new(DispatcherTelemetry.Name);

    /// <summary>The publisher's trace, for when nobody collects ours.</summary>
    public static string? TraceIdOf(string? traceparent) =>
        ActivityContext.TryParse(traceparent, traceState: null, out var context) ? context.TraceId.ToHexString() : null;

    /// <summary>
    /// The trace that a receiver is told if it wants to know: the attempt's span; where nobody collects spans, the publisher's. Null:
    /// there is neither.
    /// </summary>
    public static string? TraceparentOf(Activity? attempt, string? traceparent)
    {
        if (attempt is { IdFormat: ActivityIdFormat.W3C })
        {
            return attempt.Id;
        }

        // Written anew: what a publisher sent may have more to it than this version of the header.
        return ActivityContext.TryParse(traceparent, traceState: null, out var context)
            ? $"00-{context.TraceId.ToHexString()}-{context.SpanId.ToHexString()}-{(int)context.TraceFlags:x2}"
            : null;
    }

    public static Activity? Start(DeliveryRow delivery, int number)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        // The publisher's trace context is not valid: the attempt gets a trace of its own.
        var origin = ActivityContext.TryParse(delivery.Event.Traceparent, traceState: null, isRemote: true, out var parsed) ? parsed : default;
        // A trace that lasts days helps nobody: retries and replays are linked.
        var activity = number == 1 && delivery.EventCreatedAt is null
            ? Source.StartActivity("attempt", ActivityKind.Client, origin)
            : Source.StartActivity("attempt", ActivityKind.Client, parentContext: default, links: origin == default ? null : [new ActivityLink(origin)]);
        activity?.SetTag("webhooks.attempt.number", number);
        activity?.SetTag("webhooks.event.type", delivery.Event.Type);
        return activity;
    }
}
