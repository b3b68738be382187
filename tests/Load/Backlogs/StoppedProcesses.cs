using System.Diagnostics;

namespace Webhooks.Load.Backlogs;

/// <summary>Processes that stand still (SIGSTOP) until this is disposed of (SIGCONT).</summary>
internal sealed class StoppedProcesses : IAsyncDisposable
{
    private readonly int[] _ids;

    private StoppedProcesses(int[] ids) => _ids = ids;

    public static async Task<StoppedProcesses> StopAsync(int[] ids)
    {
        await SignalAsync("-STOP", ids);
        return new StoppedProcesses(ids);
    }

    public async ValueTask DisposeAsync() => await SignalAsync("-CONT", _ids);

    private static async Task SignalAsync(string signal, int[] ids)
    {
        using var kill = Process.Start("kill", [signal, .. ids.Select(id => $"{id}")]);
        await kill.WaitForExitAsync();
    }
}
