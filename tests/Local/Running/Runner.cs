using System.Diagnostics;
using Webhooks.Local.Processes;
using Webhooks.Local.Provisioning.Packages;
using Webhooks.Local.Running;
using Webhooks.TestKit;
using Endpoints = Webhooks.Local.Running.Endpoints; // the writer's own, not the test kit's reader

namespace Webhooks.Local.Tests.Running;

/// <summary>The runner as a user starts it: a process of its own, on a state directory of its own.</summary>
internal sealed class Runner : IDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(6);

    private readonly Process _process;
    private readonly Task<string> _output;

    private Runner(Process process, string state)
    {
        _process = process;
        State = state;
        _output = process.StandardOutput.ReadToEndAsync();
    }

    public string State { get; }

    public string EndpointsFile => Path.Combine(State, "endpoints.json");

    public int ProcessId => _process.Id;

    public static Runner Start(string state, IReadOnlyDictionary<string, string>? environment = null, params string[] arguments)
    {
        var runner = Path.Combine(AppContext.BaseDirectory, "Webhooks.Local.dll");
        // A script that runs the tests in the background has them ignore Ctrl-C's signal, which children inherit.
        var start = new ProcessStartInfo(
            "env", ["--default-signal=INT", Dotnet.Host, runner, "--no-build", "--state", state, .. arguments])
        {
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return new Runner(Process.Start(start)!, state);
    }

    public async Task<Endpoints> ReadyAsync()
    {
        await Eventually.TrueAsync(
            () => _process.HasExited || File.Exists(EndpointsFile), Limit, "the runner to be ready or to give up");
        if (_process.HasExited)
        {
            Assert.Fail($"The runner ended: {await _output}");
        }

        return await Endpoints.ReadAsync(EndpointsFile);
    }

    /// <summary>Runs one of the scripts in the state directory, in an environment that is set up for other servers, and returns what it printed.</summary>
    public async Task<string> CallAsync(string script, params string[] arguments)
    {
        var elsewhere = new Dictionary<string, string?>
        {
            ["HOME"] = "/nonexistent",
            ["RABBITMQ_NODENAME"] = "elsewhere@localhost",
            ["ERL_EPMD_PORT"] = "1",
            ["PGHOST"] = "192.0.2.1",
            ["PGPASSWORD"] = "elsewhere",
        };
        var (exitCode, output) = await Programs.RunAsync(new ProcessStartInfo(Path.Combine(State, script), arguments), "", elsewhere, CancellationToken.None);
        Assert.True(exitCode == 0, output);
        return output;
    }

    public void Signal(int signal) => ProcessSignal.Send(ProcessId, signal);

    public async Task<(int ExitCode, string Output)> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Limit);
        return (_process.ExitCode, await _output);
    }

    /// <summary>Everything that was started for the state directory and still runs.</summary>
    public IEnumerable<int> Remaining() => ProcessTable
        .WithEnvironment(OwnedDirectory.MarkVariable, mark => mark.StartsWith(State + "#", StringComparison.Ordinal))
        .Concat(ProcessTable.WorkingIn(Path.Combine(State, "postgres", "data"), "postgres"))
        .Where(ProcessTable.IsAlive);

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
