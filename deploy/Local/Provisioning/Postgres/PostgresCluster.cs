using Webhooks.Local.Processes;
using Webhooks.Local.Provisioning.Packages;

namespace Webhooks.Local.Provisioning.Postgres;

/// <summary>A data directory with its account and password, made at the first start and kept.</summary>
internal sealed class PostgresCluster
{
    public const string User = "webhooks";

    // Unix sockets have short paths: with a deep directory there is none, and TCP remains.
    private const int LongestSocketDirectory = 90;

    private readonly PostgresInstallation _installation;
    private readonly PostgresAccount _account;
    private readonly string _directory;

    private PostgresCluster(PostgresInstallation installation, PostgresAccount account, string directory)
    {
        _installation = installation;
        _account = account;
        _directory = directory;
    }

    public string Data => Path.Combine(_directory, "data");

    public string Password => File.ReadAllText(PasswordFile);

    private string PasswordFile => Path.Combine(_directory, "password");

    public static async Task<PostgresCluster> OpenAsync(
        PostgresInstallation installation, string wanted, Action<string> report, CancellationToken cancellationToken)
    {
        var account = PostgresAccount.Choose();
        var directory = await account.PrepareDirectoryAsync(wanted, cancellationToken);
        if (directory != wanted)
        {
            report($"keeping its data in {directory}: its user cannot reach {wanted}");
        }

        var cluster = new PostgresCluster(installation, account, directory);
        if (!File.Exists(Path.Combine(cluster.Data, "PG_VERSION")))
        {
            await cluster.InitializeAsync(cancellationToken);
        }

        return cluster;
    }

    /// <summary>Null: psql is not here.</summary>
    public ClientScript? Client(int port, string database) => _installation.Client is { } psql
        ? ClientScript.OfPostgres(psql, new Dictionary<string, string>
        {
            ["PGHOST"] = "127.0.0.1",
            ["PGPORT"] = $"{port}",
            ["PGUSER"] = User,
            ["PGPASSWORD"] = Password,
            ["PGDATABASE"] = database,
        })
        : null;

    /// <summary>The command line of the postmaster.</summary>
    public string[] ServerCommand(int port, bool durable)
    {
        string[] settings =
        [
            "listen_addresses=127.0.0.1", $"port={port}",
            $"unix_socket_directories={(_directory.Length <= LongestSocketDirectory ? _directory : "")}",
            "max_connections=200", "shared_buffers=256MB",
            // A log that is never smaller than it may grow uses its files again: making a new one holds up every commit. A small one has
            // checkpoints every few seconds, and none of them has much to write at its end, which holds up every commit, too.
            "max_wal_size=256MB", "min_wal_size=256MB", "checkpoint_warning=0",
            // What is written goes to the disk soon. Left to the kernel, it goes there half a minute later and all at once, and every commit waits.
            "backend_flush_after=256kB", "bgwriter_lru_maxpages=1000",
            "checkpoint_timeout=15min", "log_checkpoints=off", "jit=off", "timezone=UTC", "logging_collector=off",
            .. durable ? Array.Empty<string>() : ["fsync=off", "synchronous_commit=off", "full_page_writes=off"],
        ];
        return _account.Command(_installation.Server, ["-D", Data, .. settings.SelectMany(setting => new[] { "-c", setting })]);
    }

    /// <summary>
    /// Ends what an unclean end left behind. A killed postmaster's backends live on for a moment and hold the shared memory,
    /// and its pid file may name a process of somebody else by now; PostgreSQL refuses to start over either.
    /// </summary>
    public async Task ClearRemainsAsync(CancellationToken cancellationToken)
    {
        for (var remains = Running(); remains.Count > 0; remains = Running())
        {
            foreach (var id in remains)
            {
                ProcessSignal.Send(id, ProcessSignal.Kill);
            }

            await Task.Delay(20, cancellationToken);
        }

        File.Delete(Path.Combine(Data, "postmaster.pid"));
    }

    private IReadOnlyList<int> Running() => [.. ProcessTable.WorkingIn(Data, "postgres").Where(ProcessTable.IsAlive)];

    private async Task InitializeAsync(CancellationToken cancellationToken)
    {
        // A first start that was cut off leaves half a cluster.
        if (Directory.Exists(Data))
        {
            Directory.Delete(Data, recursive: true);
        }

        SecretFile.ReadOrCreate(PasswordFile);
        await _account.OwnAsync(PasswordFile, cancellationToken);

        var command = _account.Command(
            _installation.InitializeCluster,
            "-D", Data, "-U", User, $"--pwfile={PasswordFile}", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync");
        var (exitCode, output) = await Programs.RunAsync(command[0], command[1..], cancellationToken);
        if (exitCode != 0)
        {
            throw new ProvisioningException($"PostgreSQL's initdb failed in {Data}:{Environment.NewLine}{output.Trim()}");
        }
    }
}
