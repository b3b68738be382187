using Webhooks.Local.Processes;
using Webhooks.Local.Provisioning;

namespace Webhooks.TestKit.Faults;

/// <summary>Processes that stand still (SIGSTOP) until disposed (SIGCONT): they keep their sockets and say nothing.</summary>
public sealed class FrozenProcesses : IDisposable
{
    private readonly IReadOnlyList<int> _processes;

    private FrozenProcesses(IReadOnlyList<int> processes)
    {
        _processes = processes;
        Signal(ProcessSignal.Stop);
    }

    public static FrozenProcesses Of(params IReadOnlyList<int> processes) => new(processes);

    /// <summary>The postmaster, stopped first so that it starts no further one, and those that it has.</summary>
    public static FrozenProcesses Of(PostgresServer server)
    {
        ProcessSignal.Send(server.ProcessId, ProcessSignal.Stop);
        return new([server.ProcessId, .. ProcessTable.ChildrenOf(server.ProcessId)]);
    }

    public void Dispose() => Signal(ProcessSignal.Continue);

    private void Signal(int signal)
    {
        foreach (var id in _processes)
        {
            ProcessSignal.Send(id, signal);
        }
    }
}
