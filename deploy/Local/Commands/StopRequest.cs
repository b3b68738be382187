using System.Runtime.InteropServices;
using Webhooks.Local.Processes;

namespace Webhooks.Local.Commands;

/// <summary>
/// Ctrl-C, SIGTERM, a closed terminal, or the end of the "dotnet run" that started us and that alone would know how to
/// stop us. A second request does not wait: the watchdog ends what is still running.
/// </summary>
internal sealed class StopRequest : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _requested = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration[] _registrations;
    private readonly Timer? _parentCheck;

    public StopRequest()
    {
        _registrations =
        [
            .. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }
                .Select(signal => PosixSignalRegistration.Create(signal, OnSignal)),
        ];

        var parent = ProcessTable.ParentOf(Environment.ProcessId);
        if (parent is { } id && ProcessTable.NameOf(id) == "dotnet")
        {
            _parentCheck = new Timer(_ => StopWithout(id), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        }
    }

    public CancellationToken Token => _stop.Token;

    /// <summary>Completes, without an error, with the first request.</summary>
    public Task Requested => _requested.Task;

    public void Dispose()
    {
        _parentCheck?.Dispose();
        Array.ForEach(_registrations, registration => registration.Dispose());
        _stop.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (_stop.IsCancellationRequested && context.Signal == PosixSignal.SIGINT)
        {
            Console.Error.WriteLine("Not waiting: what still runs is ended within seconds.");
            Environment.Exit(130);
        }

        Request();
    }

    private void StopWithout(int parent)
    {
        if (ProcessTable.ParentOf(Environment.ProcessId) != parent)
        {
            Request();
        }
    }

    private void Request()
    {
        _requested.TrySetResult();
        _stop.Cancel();
    }
}
