namespace Webhooks.Dispatcher.Accounting;

/// <summary>Keeps what the triggers append short, so that reading the accounts costs a row a tenant. They are exact without it, too.</summary>
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
