using System.Diagnostics;

namespace Webhooks.TestKit;

/// <summary>The local runner as a process that ends when we say so, and when we are killed.</summary>
internal sealed class RunnerProcess : IAsyncDisposable
{
    // The shell becomes the runner; what it leaves behind waits for the end of our pipe, which our own death (kill -9
    // included) brings about as well, and then asks the runner to end everything in order.
    private const string Script = """
        log=$1; shift
        exec 3<&0
        { read -r _ <&3; kill -TERM $$; } >/dev/null 2>&1 &
        exec "$@" 3<&- </dev/null >>"$log" 2>&1
        """;

    private static readonly TimeSpan StopLimit = TimeSpan.FromMinutes(5);

    private readonly Process _process;

    private RunnerProcess(Process process, string logFile) => (_process, LogFile) = (process, logFile);

    public string LogFile { get; }

    /// <summary>The runner's own: the shell has become it.</summary>
    public int ProcessId => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <param name="arguments">The runner's options.</param>
    /// <param name="environment">Added to ours; <c>Webhooks__*</c> reach the services.</param>
    /// <param name="logFile">Everything it prints is appended to it.</param>
    public static RunnerProcess Start(IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string logFile)
    {
        var runner = Path.Combine(AppContext.BaseDirectory, "Webhooks.Local.dll");
        var start = new ProcessStartInfo("/bin/sh", ["-c", Script, "sh", logFile, "dotnet", runner, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new RunnerProcess(Process.Start(start) ?? throw new InvalidOperationException("No shell could be started."), logFile);
    }

    /// <summary>Returns when the runner and all that it started are gone.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var limit = new CancellationTokenSource(StopLimit);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // Its own watchdog ends what it started.
            _process.Kill();
            throw new TimeoutException($"The local runner did not end within {StopLimit.TotalSeconds:0} s; {LogFile} says what it was doing.");
        }
        finally
        {
            _process.Dispose();
        }
    }
}
