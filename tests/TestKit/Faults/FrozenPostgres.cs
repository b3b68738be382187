using Webhooks.Local.Processes;

namespace Webhooks.TestKit.Faults;

/// <summary>A server that accepts connections and says nothing, until disposed: its processes are stopped, its sockets stay.</summary>
public sealed class FrozenPostgres : IDisposable
{
    private readonly IReadOnlyList<int> _processes;

    private FrozenPostgres(IReadOnlyList<int> processes)
    {
        _processes = processes;
        Signal(ProcessSignal.Stop);
    }

    /// <param name="directory">Of the server that was started in it.</param>
    public static FrozenPostgres In(OwnedDirectory directory) =>
        new(ProcessTable.WorkingIn(Path.Combine(directory.Path, "postgres", "data"), "postgres"));

    public void Dispose() => Signal(ProcessSignal.Continue);

    private void Signal(int signal)
    {
        foreach (var id in _processes)
        {
            ProcessSignal.Send(id, signal);
        }
    }
}
