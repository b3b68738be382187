using Webhooks.Api.Access;
using Webhooks.Api.Deadlines;
using Webhooks.Management.Catalog;
using Webhooks.Sending;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Rendering;

namespace Webhooks.Management.TestSends;

/// <summary>
/// Makes one request as an attempt would, guarded and signed the same way, and tells what came of it. It is no delivery:
/// nothing is stored, nothing is repeated, and what the receiver answers changes no subscription.
/// </summary>
internal sealed class TestSender(RequestRenderer renderer, WebhookSender sender, TestSendLimits limits, TimeProvider time)
{
    /// <param name="subscription">Whatever its state; its transform counts, its filter does not.</param>
    /// <param name="type">Its example is sent, under an id and a timestamp of now.</param>
    /// <param name="caller">Who is limited.</param>
    /// <param name="request">Its time stands still meanwhile: the send has a deadline of its own.</param>
    /// <exception cref="Api.Problems.RefusedException">429.</exception>
    public async Task<TestSendResponse> SendAsync(
        Subscription subscription, CatalogType type, Caller caller, RequestClock request, CancellationToken clientGone)
    {
        using var lease = limits.Acquire(caller, subscription.TenantId);
        var now = time.GetUtcNow();
        WebhookRequest rendered;
        try
        {
            rendered = renderer.Render(subscription.Settings, subscription, EventOf(type, subscription.TenantId, now), now);
        }
        catch (RenderException fault)
        {
            return TestSendResponse.NotMade(subscription.Settings.Url, fault.Message);
        }

        return TestSendResponse.Of(rendered, await request.WithoutAsync(() => sender.SendAsync(rendered, clientGone)));
    }

    // Fresh, because a receiver may refuse what it has seen before, or what is old.
    private static AcceptedEvent EventOf(CatalogType type, string tenantId, DateTimeOffset now) => type.Event with
    {
        Id = $"evt_test_{Guid.CreateVersion7(now):N}",
        TenantId = tenantId,
        Timestamp = EventTime.From(now).ToString(),
    };
}
