using Webhooks.Database.Deliveries;

namespace Webhooks.Dispatcher.Cancellation;

/// <summary>
/// Cancels, in chunks, the waiting deliveries of subscriptions that were disabled or deleted. However long that takes, the look before
/// each send holds them back: no attempt starts later than a second after the change, when all caches know of it.
/// </summary>
internal sealed class Canceler(CancelStore store, TimeProvider clock)
{
    private const int ChunkLimit = 1_000;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Carries out intents until the leadership ends.</summary>
    public async Task RunAsync(CancellationToken leading)
    {
        var carriedOut = new HashSet<CancelIntent>();
        while (true)
        {
            var intents = await store.FindIntentsAsync(leading);
            carriedOut.IntersectWith(intents);
            foreach (var intent in intents)
            {
                if (!carriedOut.Contains(intent))
                {
                    await CarryOutAsync(intent, leading);
                }

                if (!await store.MarkDoneAsync(intent, leading))
                {
                    carriedOut.Add(intent);
                }
            }

            await Task.Delay(Interval, clock, leading);
        }
    }

    private async Task CarryOutAsync(CancelIntent intent, CancellationToken leading)
    {
        // Never from the start again: before the place lies all that has ended, as much as the retention keeps.
        DeliveryKey? after = null;
        do
        {
            after = await store.CancelAsync(intent, after, ChunkLimit, leading);
        }
        while (after is not null);
    }
}
