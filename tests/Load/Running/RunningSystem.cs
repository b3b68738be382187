using System.Diagnostics;
using System.Text.Json;
using Webhooks.Load.Measuring;

namespace Webhooks.Load.Running;

/// <summary>The system under measurement: one that runs already, or one started by the local runner and ended with the run.</summary>
internal sealed class RunningSystem : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(60);

    private readonly string _folder;
    private readonly Process? _runner;
    private readonly DirectoryInfo? _state;

    private RunningSystem(JsonElement endpoints, string folder, Process? runner, DirectoryInfo? state)
    {
        (_folder, _runner, _state) = (folder, runner, state);
        Management = endpoints.GetProperty("management").GetString()!;
        Callbacks = endpoints.GetProperty("callbacks").GetString()!;
        Amqp = new Uri(endpoints.GetProperty("amqp").GetString()!);
        Postgres = endpoints.GetProperty("postgres").GetString()!;
        AdminToken = endpoints.GetProperty("admin_token").GetString()!;
        Processes = endpoints.GetProperty("processes").EnumerateObject()
            .Select(process => KeyValuePair.Create(process.Name, process.Value.EnumerateArray().Select(pid => pid.GetInt32()).ToArray()))
            .Append(KeyValuePair.Create("load", new[] { Environment.ProcessId }))
            .ToDictionary(StringComparer.Ordinal);
    }

    public string Management { get; }

    public string Callbacks { get; }

    public Uri Amqp { get; }

    /// <summary>A connection string.</summary>
    public string Postgres { get; }

    public string AdminToken { get; }

    /// <summary>Which key encrypts secrets: the runner's own, unless another one was given by the environment.</summary>
    public string SecretKeyId { get; } = Environment.GetEnvironmentVariable("Webhooks__SecretKeyId") ?? "local";

    /// <summary>By name; this process, which publishes and receives, as "load".</summary>
    public IReadOnlyDictionary<string, int[]> Processes { get; }

    /// <summary>That key in base64; the runner keeps its own beside its endpoints.</summary>
    public string SecretKey() =>
        Environment.GetEnvironmentVariable($"Webhooks__SecretKeys__{SecretKeyId}") ?? File.ReadAllText(Path.Combine(_folder, "secret-key")).Trim();

    public static async Task<RunningSystem> StartOrUseAsync(FileInfo? endpoints, CancellationToken cancellationToken)
    {
        if (endpoints is not null)
        {
            return new RunningSystem(await ReadAsync(endpoints.FullName, cancellationToken), endpoints.DirectoryName!, runner: null, state: null);
        }

        // fsync on, quorum queues, everything on this machine: what the local runner always does.
        var state = Directory.CreateTempSubdirectory("webhooks-load-");
        Progress.Tell("starting the system");
        var runner = Process.Start(new ProcessStartInfo(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "Webhooks.Local.dll"), "--no-demo", "--no-build", "--state", state.FullName])
        {
            // Its progress goes with ours; standard output is the report's alone.
            RedirectStandardOutput = true,
            // The limit of new keys is there to keep us out.
            Environment = { ["Webhooks__CallbacksPerMinute"] = "0" },
        })!;
        _ = runner.StandardOutput.BaseStream.CopyToAsync(Console.OpenStandardError(), CancellationToken.None);
        var file = Path.Combine(state.FullName, "endpoints.json");
        var started = Stopwatch.GetTimestamp();
        while (!File.Exists(file))
        {
            if (runner.HasExited || Stopwatch.GetElapsedTime(started) > StartLimit)
            {
                throw new InvalidOperationException("The local runner did not become ready; its output above says why.");
            }

            await Task.Delay(100, cancellationToken);
        }

        return new RunningSystem(await ReadAsync(file, cancellationToken), state.FullName, runner, state);
    }

    public async ValueTask DisposeAsync()
    {
        if (_runner is null)
        {
            return;
        }

        // SIGTERM: the runner ends its children in order.
        using (var kill = Process.Start("kill", ["-TERM", $"{_runner.Id}"]))
        {
            await kill.WaitForExitAsync();
        }

        using var limit = new CancellationTokenSource(StopLimit);
        await _runner.WaitForExitAsync(limit.Token);
        _runner.Dispose();
        _state!.Delete(recursive: true);
    }

    private static async Task<JsonElement> ReadAsync(string file, CancellationToken cancellationToken)
    {
        await using var stream = File.OpenRead(file);
        return await JsonSerializer.DeserializeAsync<JsonElement>(stream, cancellationToken: cancellationToken);
    }
}
