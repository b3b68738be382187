namespace Webhooks.Dispatcher.Accounting;

/// <summary>Folds what the triggers append, so that reading the accounts costs a row a tenant. Unfolded they are as exact, but slow to read.</summary>
internal sealed class AccountingFold(FoldStore store, TimeProvider clock)
{
    private const int ChunkLimit = 5_000;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Folds until the leadership ends.</summary>
    public async Task RunAsync(CancellationToken leading)
    {
        while (true)
        {
            while (await store.FoldAsync(ChunkLimit, leading) == ChunkLimit)
            {
            }

            await Task.Delay(Interval, clock, leading);
        }
    }
}
