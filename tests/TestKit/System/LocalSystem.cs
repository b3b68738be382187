using Webhooks.Local.Processes;
using Webhooks.TestKit.Faults;

namespace Webhooks.TestKit;

/// <summary>
/// The whole real system as processes of its own, started by the local runner in a fresh directory and ended with this
/// object. Spoken to as its neighbours do: AMQP, the management API, and signals.
/// </summary>
public sealed class LocalSystem : IAsyncDisposable
{
    // A machine without RabbitMQ and PostgreSQL installs them first.
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan RestartLimit = TimeSpan.FromMinutes(5);

    private readonly RunnerProcess _runner;
    private readonly string _endpointsFile;
    private readonly Dictionary<string, int> _counts;

    private LocalSystem(RunnerProcess runner, string endpointsFile)
    {
        (_runner, _endpointsFile) = (runner, endpointsFile);
        var endpoints = Endpoints;
        Management = new ManagementClient(endpoints.Management, endpoints.AdminToken);
        Events = new EventPublisher(endpoints.Amqp);
        Database = new SystemDatabase(endpoints.Postgres);
        _counts = endpoints.Processes.ToDictionary(process => process.Key, process => process.Value.Count);
    }

    /// <summary>As they are now: process ids change.</summary>
    public Endpoints Endpoints => Endpoints.Read(_endpointsFile);

    /// <summary>With the administrator's token.</summary>
    public ManagementClient Management { get; }

    public EventPublisher Events { get; }

    public SystemDatabase Database { get; }

    /// <param name="environment"><c>Webhooks__*</c> variables for the services.</param>
    /// <param name="options">The runner's, such as <c>--dispatchers</c>, <c>2</c>.</param>
    public static async Task<LocalSystem> StartAsync(IReadOnlyDictionary<string, string>? environment = null, params string[] options)
    {
        var state = await TestDirectory.CreateAsync("system");
        var endpoints = Path.Combine(state, "endpoints.json");
        var runner = RunnerProcess.Start(
            ["--no-demo", "--no-build", "--state", state, .. options],
            environment ?? new Dictionary<string, string>(),
            Path.Combine(state, "runner.log"));
        try
        {
            await Eventually.TrueAsync(
                () => File.Exists(endpoints) || runner.HasExited, StartLimit, () => $"The local runner is ready. {LogFile.TailOf(runner.LogFile)}");
            return runner.HasExited
                ? throw new InvalidOperationException($"The local runner ended. {LogFile.TailOf(runner.LogFile)}")
                : new LocalSystem(runner, endpoints);
        }
        catch
        {
            await runner.DisposeAsync();
            throw;
        }
    }

    /// <summary>SIGKILL, as a crash would be, to all processes of these names at once; waits until the runner has started them again.</summary>
    public async Task KillAsync(params string[] names)
    {
        var killed = names.Select(name => (Name: name, Ids: Kill(name))).ToList();
        foreach (var (name, ids) in killed)
        {
            await WaitForRestartAsync(name, ids);
        }
    }

    /// <summary>SIGKILL, and to PostgreSQL's backends with their postmaster; does not wait.</summary>
    /// <param name="name">As endpoints.json has it.</param>
    /// <param name="which">One of them, by its place from 0; null: all.</param>
    /// <returns>The ids of the killed.</returns>
    public IReadOnlyList<int> Kill(string name, int? which = null)
    {
        var killed = Running(name, which);
        foreach (var id in killed)
        {
            // Looked up before: orphans belong to somebody else.
            var backends = name == "postgres" ? ProcessTable.ChildrenOf(id) : [];
            ProcessSignal.Send(id, ProcessSignal.Kill);
            foreach (var backend in backends)
            {
                ProcessSignal.Send(backend, ProcessSignal.Kill);
            }
        }

        return killed;
    }

    /// <summary>SIGKILL to RabbitMQ, and its data is deleted; waits until it has been started again, with nothing in it.</summary>
    public Task WipeBrokerAsync() => KillAsync("rabbitmq", () =>
    {
        Directory.Delete(Path.Combine(Path.GetDirectoryName(_endpointsFile)!, "rabbitmq", "mnesia"), recursive: true);
        return Task.CompletedTask;
    });

    /// <summary>SIGKILL, and something is done before the runner starts it again; waits until it has.</summary>
    public async Task KillAsync(string name, Func<Task> whileItIsGone)
    {
        IReadOnlyList<int> killed;
        // Frozen, the runner starts nothing.
        ProcessSignal.Send(_runner.ProcessId, ProcessSignal.Stop);
        try
        {
            killed = Kill(name);
            await Eventually.TrueAsync(() => !killed.Any(ProcessTable.IsAlive), RestartLimit, $"{name} is gone.");
            await whileItIsGone();
        }
        finally
        {
            ProcessSignal.Send(_runner.ProcessId, ProcessSignal.Continue);
        }

        await WaitForRestartAsync(name, killed);
    }

    /// <summary>SIGTERM, as an orderly stop would be; waits until the processes are gone and the runner has started others.</summary>
    /// <param name="name">As endpoints.json has it.</param>
    /// <param name="which">One of them, by its place from 0; null: all.</param>
    public async Task TerminateAsync(string name, int? which = null)
    {
        var stopped = Running(name, which);
        foreach (var id in stopped)
        {
            ProcessSignal.Send(id, ProcessSignal.Terminate);
        }

        await WaitForRestartAsync(name, stopped);
    }

    /// <summary>SIGSTOP until disposed, as a machine that has no time for it would do.</summary>
    public FrozenProcesses Freeze(string name, int which) => FrozenProcesses.Of(Running(name, which));

    /// <summary>Waits until other processes stand in the place of those that are gone.</summary>
    public Task WaitForRestartAsync(string name, IReadOnlyList<int> gone) => Eventually.TrueAsync(
        () => Endpoints.Processes[name] is var now && now.Count == _counts[name] && !now.Intersect(gone).Any(),
        RestartLimit,
        () => $"{name} runs again. {LogFile.TailOf(_runner.LogFile)}");

    public async ValueTask DisposeAsync()
    {
        Management.Dispose();
        await Events.DisposeAsync();
        await Database.DisposeAsync();
        await _runner.DisposeAsync();
    }

    private IReadOnlyList<int> Running(string name, int? which)
    {
        var running = Endpoints.Processes[name];
        return which is { } place ? [running[place]] : running;
    }
}
