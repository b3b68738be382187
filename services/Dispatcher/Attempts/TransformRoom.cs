using Webhooks.Dispatcher.Shares;
using Webhooks.Sending.Shares;
using Webhooks.Subscriptions.Rendering;

namespace Webhooks.Dispatcher.Attempts;

/// <summary>
/// Where requests are rendered whose bodies subscriptions word themselves. A template of a few bytes makes a mebibyte of a small event, in
/// milliseconds: made by the loop that begins everybody's work, it would hold them all up, and hundreds of them on the wire to a
/// receiver that hangs would fill the memory. So they are made beside it, by one processor less than there are, the tenants in turn;
/// and of large ones there are only so many until they are sent, shared as the wire is.
/// </summary>
internal sealed class TransformRoom(TimeProvider clock)
{
    // Of a mebibyte at most.
    private const int MostLarge = 128;
    private const int LargeBytes = 64 * 1024;

    private readonly TenantTurns _making = new(Math.Max(1, Environment.ProcessorCount - 1));
    private readonly WireSlots _places = new(() => MostLarge);

    /// <summary>The request, and the place that it takes up if it is large: to be disposed of when it is sent.</summary>
    /// <param name="receiver">Whose it is.</param>
    /// <param name="render">How it is made; called once.</param>
    /// <param name="stop">Ends the waiting.</param>
    public async Task<(WebhookRequest Request, IDisposable? Place)> RenderAsync(Receiver receiver, Func<WebhookRequest> render, CancellationToken stop)
    {
        // Before it is made, when nobody knows how large it will be: what waits must not be in memory, either.
        var place = await _places.TakeAsync(receiver, Timeout.InfiniteTimeSpan, clock, stop);
        try
        {
            using var turn = await _making.TakeAsync(receiver.TenantId, stop);
            var request = await Task.Run(render, stop);
            return (request, request.Body.Length < LargeBytes ? null : Interlocked.Exchange(ref place, null));
        }
        finally
        {
            place?.Dispose();
        }
    }
}
