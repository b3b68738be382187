using Npgsql;

namespace Webhooks.TestKit.Faults;

/// <summary>A disk of its own for one database, which can be filled: it is a tablespace. Only root can mount one.</summary>
public sealed class SmallDisk : IAsyncDisposable
{
    private static int _disks;

    private readonly TemporaryDisk _disk;
    private readonly string _name;

    private SmallDisk(TemporaryDisk disk, string name, string connectionString) => (_disk, _name, ConnectionString) = (disk, name, connectionString);

    public static bool IsPossible => TemporaryDisk.IsPossible;

    /// <summary>Npgsql connection string of a new, empty database on it.</summary>
    public string ConnectionString { get; }

    public static async Task<SmallDisk> CreateAsync(int megabytes = 64)
    {
        var server = await TestDatabase.ServerAsync();
        var disk = await TemporaryDisk.MountAsync(megabytes);
        var tablespace = await disk.DirectoryForPostgresAsync("tablespace");

        var name = $"small_{Interlocked.Increment(ref _disks)}";
        await using var maintenance = NpgsqlDataSource.Create(server.ConnectionString);
        await maintenance.ExecuteAsync($"CREATE TABLESPACE {name} LOCATION '{tablespace}'");
        await maintenance.ExecuteAsync($"CREATE DATABASE {name} TABLESPACE {name}");
        return new SmallDisk(disk, name, server.ConnectionStringOf(name));
    }

    /// <summary>Leaves not a byte.</summary>
    public void Fill() => _disk.Fill();

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

    public void MakeRoom() => _disk.MakeRoom();

    /// <summary>Ends all sessions of the database: whoever goes on has to begin one.</summary>
    public async Task EndSessionsAsync()
    {
        await using var maintenance = NpgsqlDataSource.Create((await TestDatabase.ServerAsync()).ConnectionString);
        await maintenance.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", _name);
    }

    public async ValueTask DisposeAsync()
    {
        MakeRoom();
        await using (var maintenance = NpgsqlDataSource.Create((await TestDatabase.ServerAsync()).ConnectionString))
        {
            await maintenance.ExecuteAsync($"DROP DATABASE {_name} WITH (FORCE)");
            await maintenance.ExecuteAsync($"DROP TABLESPACE {_name}");
        }

        await _disk.DisposeAsync();
    }

    private string[] CatalogFiles() => Directory.GetFiles(_disk.Path, "pg_internal.init", SearchOption.AllDirectories);
}
