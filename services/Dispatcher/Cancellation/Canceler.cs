using Webhooks.Database.Deliveries;

namespace Webhooks.Dispatcher.Cancellation;

/// <summary>
/// Cancels, in chunks, the waiting deliveries of subscriptions that were disabled or deleted. Until it gets there the look
/// before each send already holds them back, so that no attempt starts later than the cache's second.
/// </summary>
internal sealed class Canceler(CancelStore store, TimeProvider clock)
{
    private const int ChunkLimit = 1_000;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Carries out intents until the leadership ends.</summary>
    public async Task RunAsync(CancellationToken leading)
    {
        while (true)
        {
            foreach (var intent in await store.FindIntentsAsync(leading))
            {
                // Never from the start again: what has ended there is as much as the retention keeps.
                DeliveryKey? after = null;
                do
                {
                    after = await store.CancelAsync(intent, after, ChunkLimit, leading);
                }
                while (after is not null);

                await store.MarkDoneAsync(intent, leading);
            }

            await Task.Delay(Interval, clock, leading);
        }
    }
}
