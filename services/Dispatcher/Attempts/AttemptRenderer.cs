using Microsoft.Extensions.DependencyInjection;
using Webhooks.Dispatcher.Clocks;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Rendering;

namespace Webhooks.Dispatcher.Attempts;

/// <summary>Turns a delivery into the request of its next attempt, by the revision that it is pinned to.</summary>
internal sealed class AttemptRenderer(RequestRenderer requests, [FromKeyedServices(ClocksModule.Wall)] TimeProvider clock)
{
    /// <param name="delivery">Whose attempt it is.</param>
    /// <param name="subscription">As it is now.</param>
    /// <param name="traceparent">Sent where the revision says so; null: there is no trace.</param>
    /// <exception cref="RenderException">It cannot be made.</exception>
    public async ValueTask<WebhookRequest> RenderAsync(DeliveryRow delivery, Subscription subscription, string? traceparent)
    {
        var pinned = delivery.Pinned is { } old ? await old : subscription.Settings;
        var request = requests.Render(pinned, subscription, delivery.Event, clock.GetUtcNow());

        // No header of the subscription's own has this name.
        return pinned.SendTraceparent && traceparent is not null
            ? request with { Headers = [.. request.Headers, new("traceparent", traceparent)] }
            : request;
    }
}
