using Microsoft.Extensions.DependencyInjection;
using Webhooks.Dispatcher.Clocks;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.Shares;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Rendering;

namespace Webhooks.Dispatcher.Attempts;

/// <summary>The request of an attempt.</summary>
/// <param name="Request">As it is sent.</param>
/// <param name="Place">What it takes up in memory: given back when it is sent; null: that is not worth counting.</param>
internal readonly record struct RenderedAttempt(WebhookRequest Request, IDisposable? Place) : IDisposable
{
    public void Dispose() => Place?.Dispose();
}

/// <summary>Turns a delivery into the request of its next attempt, by the revision that it is pinned to.</summary>
internal sealed class AttemptRenderer(RequestRenderer requests, TransformRoom transforms, [FromKeyedServices(ClocksModule.Wall)] TimeProvider clock)
{
    /// <param name="delivery">Whose attempt it is.</param>
    /// <param name="subscription">As it is now.</param>
    /// <param name="traceparent">Sent where the revision says so; null: there is no trace.</param>
    /// <param name="stop">Ends the waiting for room.</param>
    /// <exception cref="RenderException">It cannot be made.</exception>
    public async ValueTask<RenderedAttempt> RenderAsync(DeliveryRow delivery, Subscription subscription, string? traceparent, CancellationToken stop)
    {
        var pinned = delivery.Pinned is { } old ? await old : subscription.Settings;
        if (pinned.Transform is null)
        {
            return new RenderedAttempt(Render(delivery, subscription, pinned, traceparent), Place: null);
        }

        var receiver = new Receiver(delivery.SubscriptionId, delivery.Event.TenantId);
        var (request, place) = await transforms.RenderAsync(receiver, () => Render(delivery, subscription, pinned, traceparent), stop);
        return new RenderedAttempt(request, place);
    }

    private WebhookRequest Render(DeliveryRow delivery, Subscription subscription, SubscriptionSettings pinned, string? traceparent)
    {
        var request = requests.Render(pinned, subscription, delivery.Event, clock.GetUtcNow());

        // No header of the subscription's own has this name.
        return pinned.SendTraceparent && traceparent is not null
            ? request with { Headers = [.. request.Headers, new("traceparent", traceparent)] }
            : request;
    }
}
