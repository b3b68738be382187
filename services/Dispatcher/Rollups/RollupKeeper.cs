namespace Webhooks.Dispatcher.Rollups;

/// <summary>Adds up the hours that are over. What is old goes with everything else (<see cref="Retention.SweepStore"/>).</summary>
internal sealed class RollupKeeper(MinuteStore store, TimeProvider clock)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>Keeps until the leadership ends.</summary>
    public async Task RunAsync(CancellationToken leading)
    {
        while (true)
        {
            while (await store.FoldHourAsync(leading))
            {
            }

            await Task.Delay(Interval, clock, leading);
        }
    }
}
