using Webhooks.Local.Processes;
using Webhooks.Local.Running;

namespace Webhooks.TestKit;

/// <summary>One of our services as a process, for a test that ends it. The test project references the service, or has it built.</summary>
public sealed class ServiceChild : IAsyncDisposable
{
    private readonly OwnedDirectory _directory;
    private readonly ChildProcess _process;

    private ServiceChild(OwnedDirectory directory, ChildProcess process) => (_directory, _process) = (directory, process);

    public int ProcessId => _process.Id;

    /// <summary>What it has printed.</summary>
    public string LogFile => _process.LogFile;

    /// <summary>The end of that, for the message of a failure.</summary>
    public string Tail => Local.Processes.LogFile.TailOf(LogFile);

    /// <param name="service">"Publisher".</param>
    /// <param name="settings">Configuration keys, with colons; of two with the same key the later holds.</param>
    public static async Task<ServiceChild> StartAsync(string service, IEnumerable<KeyValuePair<string, string>> settings)
    {
        var directory = await TestDirectory.CreateOwnedAsync("service");
        var environment = new Dictionary<string, string?>();
        foreach (var (key, value) in settings)
        {
            environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        environment[OwnedDirectory.MarkVariable] = directory.Mark;
        environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        var besideUs = Path.Combine(AppContext.BaseDirectory, $"Webhooks.{service}.dll");
        var assembly = File.Exists(besideUs) ? besideUs : Repository.ServiceAssembly(service);
        return new ServiceChild(directory, ChildProcess.Start(new ChildCommand("dotnet", [assembly], Path.Combine(directory.Path, "output.log"))
        {
            Environment = environment,
            WorkingDirectory = Path.GetDirectoryName(assembly),
        }));
    }

    /// <summary>SIGSTOP: it stands still, and its connections stay.</summary>
    public void Freeze() => ProcessSignal.Send(ProcessId, ProcessSignal.Stop);

    /// <summary>SIGCONT.</summary>
    public void Thaw() => ProcessSignal.Send(ProcessId, ProcessSignal.Continue);

    /// <summary>SIGTERM; answers the exit code, or null when it has not ended within <paramref name="limit"/>.</summary>
    public Task<int?> TerminateAsync(TimeSpan limit)
    {
        _process.Signal(ProcessSignal.Terminate);
        return ExitCodeAsync(limit);
    }

    /// <summary>What it ends with by itself; null when it has not within <paramref name="limit"/>.</summary>
    public async Task<int?> ExitCodeAsync(TimeSpan limit)
    {
        await _process.Exited.WaitAsync(limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return _process.HasExited ? _process.ExitCode : null;
    }

    /// <summary>SIGKILL; returns when it is gone.</summary>
    public Task KillAsync() => _process.KillAsync();

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
        _directory.Dispose();
    }
}
