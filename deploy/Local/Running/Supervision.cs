using System.Diagnostics;
using Webhooks.Local.Processes;

namespace Webhooks.Local.Running;

/// <summary>Starts children again when they die, until told to stop.</summary>
internal sealed class Supervision(Action<StepProgress> report) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _watches = [];

    public void Watch(ISupervised child) => _watches.Add(Task.Run(() => WatchAsync(child, _stopping.Token)));

    /// <summary>After this a child that ends stays ended.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_watches);
        _stopping.Dispose();
    }

    private async Task WatchAsync(ISupervised child, CancellationToken stopping)
    {
        var deaths = 0;
        try
        {
            while (true)
            {
                var alive = Stopwatch.StartNew();
                var processId = child.ProcessId;
                await child.Exited.WaitAsync(stopping);

                deaths = RestartBackOff.DeathsInARow(deaths, alive.Elapsed);
                var delay = RestartBackOff.DelayAfter(deaths);
                report(new(child.Name, StepState.Warning, delay == TimeSpan.Zero
                    ? $"process {processId} ended; starting it again"
                    : $"process {processId} ended; starting it again in {delay.TotalSeconds:0.#} s"));
                await Task.Delay(delay, stopping);
                await RestartAsync(child, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // We are the ones who end it now.
        }
    }

    private async Task RestartAsync(ISupervised child, CancellationToken stopping)
    {
        try
        {
            await child.RestartAsync(stopping);
            report(new(child.Name, StepState.Done, $"started again (process {child.ProcessId})"));
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            // Its process has ended, so the next round tries again, later.
            report(new(child.Name, StepState.Warning, $"did not start: {failure.Message}"));
        }
    }
}
