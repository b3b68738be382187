namespace Webhooks.Load.Measuring;

/// <summary>Looks at each process's resident memory every second until it is disposed of, and keeps the most.</summary>
internal sealed class MemoryWatch : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, double> _most = new(StringComparer.Ordinal);
    private readonly Task _watching;

    public MemoryWatch(Bench bench) => _watching = WatchAsync(bench);

    /// <summary>MB by process; to be read when this was disposed of.</summary>
    public IReadOnlyDictionary<string, double> MostMb => _most;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private async Task WatchAsync(Bench bench)
    {
        do
        {
            foreach (var (process, megabytes) in bench.Costs().Megabytes)
            {
                _most[process] = Math.Max(_most.GetValueOrDefault(process), megabytes);
            }

            await Task.Delay(Interval, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        while (!_stop.IsCancellationRequested);
    }
}
