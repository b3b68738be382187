using Webhooks.Api.Pages;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Rendering;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Management.DryRuns;

/// <summary>
/// Tells what an event would come to: the publisher's decision and the dispatcher's rendering, on the subscriptions as they
/// are in the database. Stores and sends nothing. Its work is bounded; what is left over is the next page's.
/// </summary>
internal sealed class DryRun(SubscriptionStore subscriptions, RequestRenderer renderer, TimeProvider time)
{
    public const char List = 'x';

    private const int AtOnce = 100;
    private const int MostSubscriptions = 1_000;
    private const int MostBytes = 8 * 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <param name="wanted">As read from the body.</param>
    /// <param name="after">The end of the page before.</param>
    public async Task<DryRunResponse> RunAsync(AcceptedEvent wanted, Cursor? after, CancellationToken cancellationToken)
    {
        var (started, now) = (time.GetTimestamp(), time.GetUtcNow());
        using var page = new DryRunPage(wanted.AcceptedAt(now), now, renderer);
        var (last, isWhole) = (after?.Id, false);
        do
        {
            var found = await subscriptions.ListAsync(page.Event.TenantId, channel: null, last, AtOnce + 1, cancellationToken);
            var taken = 0;
            foreach (var subscription in found.Take(AtOnce).TakeWhile(_ => page.Bytes < MostBytes))
            {
                page.Add(subscription);
                last = subscription.Id;
                taken++;
            }

            isWhole = taken == found.Count;
        }
        while (!isWhole && page.Count < MostSubscriptions && page.Bytes < MostBytes && time.GetElapsedTime(started) < Patience);

        return page.ToResponse(isWhole ? null : Cursor.Of(last!.Value).Write(List));
    }
}
