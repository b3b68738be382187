using Npgsql;
using Webhooks.Local.Provisioning.Packages;
using Webhooks.Local.Provisioning.Postgres;

namespace Webhooks.TestKit.Faults;

/// <summary>A disk of its own for one database, which can be filled: a tmpfs that is a tablespace. Only root can mount one.</summary>
public sealed class SmallDisk : IAsyncDisposable
{
    private static int _disks;

    private readonly string _directory;
    private readonly string _name;

    private SmallDisk(string directory, string name, string connectionString) =>
        (_directory, _name, ConnectionString) = (directory, name, connectionString);

    public static bool IsPossible => Environment.IsPrivilegedProcess && File.Exists("/usr/bin/mount");

    /// <summary>Npgsql connection string of a new, empty database on it.</summary>
    public string ConnectionString { get; }

    private string Filler => Path.Combine(_directory, "filler");

    public static async Task<SmallDisk> CreateAsync(int megabytes = 64)
    {
        var server = await TestDatabase.ServerAsync();
        var directory = await TestDirectory.CreateAsync("disk");
        await RunAsync("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", directory);
        var tablespace = Directory.CreateDirectory(Path.Combine(directory, "tablespace")).FullName;
        await PostgresAccount.Choose().OwnAsync(tablespace, CancellationToken.None);
        await RunAsync("chmod", "711", directory);

        var name = $"small_{Interlocked.Increment(ref _disks)}";
        await using var maintenance = NpgsqlDataSource.Create(server.ConnectionString);
        await maintenance.ExecuteAsync($"CREATE TABLESPACE {name} LOCATION '{tablespace}'");
        await maintenance.ExecuteAsync($"CREATE DATABASE {name} TABLESPACE {name}");
        return new SmallDisk(directory, name, server.ConnectionStringOf(name));
    }

    /// <summary>Ends all sessions of the database: whoever goes on has to begin one.</summary>
    public async Task EndSessionsAsync()
    {
        await using var maintenance = NpgsqlDataSource.Create((await TestDatabase.ServerAsync()).ConnectionString);
        await maintenance.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", _name);
    }

    /// <summary>Leaves not a byte.</summary>
    public void Fill()
    {
        using var filler = new FileStream(Filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        foreach (var size in new[] { 1 << 20, 1 << 12 })
        {
            try
            {
                for (var block = new byte[size]; ;)
                {
                    filler.Write(block);
                }
            }
            catch (IOException)
            {
                // Full, for blocks of this size.
            }
        }
    }

    /// <summary>
    /// The same at a moment at which a server has to write down its catalog anew: a session that begins cannot, and ends over it.
    /// </summary>
    public void FillForNewSessions()
    {
        Fill();
        while (CatalogFiles() is { Length: > 0 } files)
        {
            Array.ForEach(files, File.Delete);
            // The room that they had. A session that began in between has written its own.
            Fill();
        }
    }

    public void MakeRoom() => File.Delete(Filler);

    public async ValueTask DisposeAsync()
    {
        MakeRoom();
        await using (var maintenance = NpgsqlDataSource.Create((await TestDatabase.ServerAsync()).ConnectionString))
        {
            await maintenance.ExecuteAsync($"DROP DATABASE {_name} WITH (FORCE)");
            await maintenance.ExecuteAsync($"DROP TABLESPACE {_name}");
        }

        await RunAsync("umount", _directory);
    }

    private string[] CatalogFiles() => Directory.GetFiles(_directory, "pg_internal.init", SearchOption.AllDirectories);

    private static async Task RunAsync(string program, params string[] arguments)
    {
        var (exitCode, output) = await Programs.RunAsync(program, arguments, CancellationToken.None);
        if (exitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {output}");
        }
    }
}
