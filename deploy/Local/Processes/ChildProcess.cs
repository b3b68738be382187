using System.Diagnostics;

namespace Webhooks.Local.Processes;

/// <summary>What to start: a program, its environment and the file its output goes to.</summary>
/// <param name="Program">Path, or a name looked up in PATH.</param>
/// <param name="Arguments">Passed as they are, never through a shell's eyes.</param>
/// <param name="LogFile">Standard output and error are appended to it.</param>
internal sealed record ChildCommand(string Program, IReadOnlyList<string> Arguments, string LogFile)
{
    /// <summary>Added to our own environment; null removes a variable.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    public string? WorkingDirectory { get; init; }
}

/// <summary>
/// A process that we started. It has a session of its own, so that Ctrl-C in the terminal reaches only us and we decide
/// the order in which things end; and it writes to a file, not to a pipe of ours, so that it outlives our crash unharmed
/// until it is found by its mark.
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    // exec keeps the process id through the shell, setsid and the program: Id is the server's own.
    private const string Redirect = """log=$1; shift; exec "$@" </dev/null >>"$log" 2>&1""";

    private static readonly string? NewSession = new[] { "/usr/bin/setsid", "/bin/setsid" }.FirstOrDefault(File.Exists);

    private readonly Process _process;

    private ChildProcess(Process process, string logFile)
    {
        _process = process;
        LogFile = logFile;
        Exited = process.WaitForExitAsync(CancellationToken.None);
    }

    public int Id => _process.Id;

    public string LogFile { get; }

    /// <summary>Completes when the process has ended, whoever ended it.</summary>
    public Task Exited { get; }

    public bool HasExited => Exited.IsCompleted;

    public int ExitCode => _process.ExitCode;

    public static ChildProcess Start(ChildCommand command)
    {
        string[] line = ["/bin/sh", "-c", Redirect, "sh", command.LogFile, command.Program, .. command.Arguments];
        if (NewSession is not null)
        {
            line = [NewSession, .. line];
        }

        var start = new ProcessStartInfo(line[0], line[1..]) { UseShellExecute = false };
        if (command.WorkingDirectory is { } directory)
        {
            start.WorkingDirectory = directory;
        }

        foreach (var (name, value) in command.Environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)
            ?? throw new InvalidOperationException($"The operating system did not start {command.Program}.");
        return new ChildProcess(process, command.LogFile);
    }

    public void Signal(int signal)
    {
        if (!HasExited)
        {
            ProcessSignal.Send(Id, signal);
        }
    }

    /// <summary>Asks, waits, then insists. Returns when the process is gone.</summary>
    public async Task StopAsync(int signal, TimeSpan patience)
    {
        Signal(signal);
        try
        {
            await Exited.WaitAsync(patience);
        }
        catch (TimeoutException)
        {
            await KillAsync();
        }
    }

    public async Task KillAsync()
    {
        Signal(ProcessSignal.Kill);
        await Exited;
    }

    public void Dispose() => _process.Dispose();
}
