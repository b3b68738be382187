using Npgsql;
using Webhooks.Local.Processes;
using Webhooks.Local.Provisioning.Packages;
using Webhooks.Local.Provisioning.Postgres;

namespace Webhooks.Local.Provisioning;

/// <summary>A private PostgreSQL as a child process. Its data, port and password stay the same over kills and restarts.</summary>
public sealed class PostgresServer : ISupervised, IAsyncDisposable
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(20);

    private readonly OwnedDirectory _owner;
    private readonly PostgresCluster _cluster;
    private readonly Durability _durability;
    private readonly string _log;
    private readonly SemaphoreSlim _changes = new(1);
    private ChildProcess? _process;
    private Action? _started;

    private PostgresServer(OwnedDirectory owner, PostgresCluster cluster, Durability durability)
    {
        _owner = owner;
        _cluster = cluster;
        _durability = durability;
        _log = LogFile.Fresh(Path.Combine(owner.Path, "logs"), "postgres");
    }

    event Action? ISupervised.Started
    {
        add => _started += value;
        remove => _started -= value;
    }

    /// <summary>Npgsql's connection string of the maintenance database "postgres".</summary>
    public string ConnectionString => ConnectionStringOf("postgres");

    public int Port { get; } = FreePorts.Next();

    /// <summary>The postmaster.</summary>
    public int ProcessId => Process.Id;

    /// <summary>Completes when the present process has ended, whoever ended it.</summary>
    public Task Exited => Process.Exited;

    string ISupervised.Name => "PostgreSQL";

    private ChildProcess Process => _process ?? throw new InvalidOperationException("PostgreSQL has not been started.");

    /// <summary>Starts a server in <c>postgres/</c> of a directory; it answers SQL when this returns. At most one per directory.</summary>
    /// <param name="owner">Holds the data and ends the process should we be killed.</param>
    /// <param name="durability">What a commit means.</param>
    /// <param name="report">Told about what takes long, such as installing Debian's package.</param>
    /// <param name="cancellationToken">Ends what has been started so far.</param>
    /// <exception cref="ProvisioningException">It cannot be installed or does not start; says why.</exception>
    public static async Task<PostgresServer> StartAsync(
        OwnedDirectory owner,
        Durability durability = Durability.Full,
        Action<string>? report = null,
        CancellationToken cancellationToken = default)
    {
        report ??= _ => { };
        var installation = await ServerPackages.PostgresAsync(report, cancellationToken);
        var cluster = await PostgresCluster.OpenAsync(installation, Path.Combine(owner.Path, "postgres"), report, cancellationToken);
        var server = new PostgresServer(owner, cluster, durability);
        await server.RestartAsync(cancellationToken);
        return server;
    }

    /// <summary>Null: psql is not installed.</summary>
    internal ClientScript? ClientOf(string database) => _cluster.Client(Port, database);

    public string ConnectionStringOf(string database) =>
        $"Host=127.0.0.1;Port={Port};Username={PostgresCluster.User};Password={_cluster.Password};Database={database}";

    /// <summary>Starts it again on its port and data; returns when it answers SQL. A server that runs is stopped first.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        await _changes.WaitAsync(cancellationToken);
        try
        {
            await StopProcessAsync();
            await _cluster.ClearRemainsAsync(cancellationToken);
            _process = StartProcess();
            _started?.Invoke();
            try
            {
                await Readiness.WaitAsync("PostgreSQL", _process, token => Readiness.ProbePostgresAsync(ConnectionString, token), cancellationToken);
            }
            catch
            {
                await StopProcessAsync();
                throw;
            }
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <summary>SIGKILL of the postmaster and all its processes, as a crash of the machine would be. Returns when all are gone.</summary>
    public async Task KillAsync()
    {
        // Stopped first, so that it starts no further process while we look for those that it has.
        Process.Signal(ProcessSignal.Stop);
        foreach (var child in ProcessTable.ChildrenOf(ProcessId))
        {
            ProcessSignal.Send(child, ProcessSignal.Kill);
        }

        await Process.KillAsync();
        await _cluster.ClearRemainsAsync(CancellationToken.None);
    }

    /// <summary>Ends all sessions and stops it cleanly.</summary>
    public async Task StopAsync()
    {
        await _changes.WaitAsync(CancellationToken.None);
        try
        {
            await StopProcessAsync();
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <summary>Makes an empty database, unless there is one of that name, and returns its connection string.</summary>
    public async Task<string> CreateDatabaseAsync(string name, CancellationToken cancellationToken = default)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand($"CREATE DATABASE \"{name}\"", connection);
        try
        {
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException failure) when (failure.SqlState == PostgresErrorCodes.DuplicateDatabase)
        {
            // What we wanted is there already.
        }

        return ConnectionStringOf(name);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _changes.Dispose();
    }

    private ChildProcess StartProcess()
    {
        var command = _cluster.ServerCommand(Port, _durability == Durability.Full);
        return ChildProcess.Start(new ChildCommand(command[0], command[1..], _log)
        {
            Environment = Environment.GetEnvironmentVariables().Keys.Cast<string>()
                .Where(name => name.StartsWith("PG", StringComparison.Ordinal))
                .ToDictionary(name => name, _ => (string?)null, StringComparer.Ordinal)
                .Append(new(OwnedDirectory.MarkVariable, _owner.Mark))
                .ToDictionary(StringComparer.Ordinal),
        });
    }

    // SIGINT is PostgreSQL's "fast": ends the sessions; SIGTERM would wait for them.
    private async Task StopProcessAsync()
    {
        if (_process is { } running)
        {
            await running.StopAsync(ProcessSignal.Interrupt, StopPatience);
        }
    }
}
