using Webhooks.Dispatcher.Retention;

namespace Webhooks.Dispatcher.Rollups;

/// <summary>Adds up the hours that are over, and deletes, in chunks, what is older than the retention time.</summary>
internal sealed class RollupKeeper(MinuteStore store, RetentionOptions options, TimeProvider clock)
{
    private const int ChunkLimit = 5_000;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>Keeps until the leadership ends.</summary>
    public async Task RunAsync(CancellationToken leading)
    {
        while (true)
        {
            while (await store.FoldHourAsync(leading))
            {
            }

            while (await store.DeleteBeforeAsync(clock.GetUtcNow() - TimeSpan.FromDays(options.RetentionDays), ChunkLimit, leading) == ChunkLimit)
            {
            }

            await Task.Delay(Interval, clock, leading);
        }
    }
}
