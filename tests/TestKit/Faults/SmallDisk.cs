using Npgsql;
using Webhooks.Local.Processes;
using Webhooks.Local.Provisioning;

namespace Webhooks.TestKit.Faults;

/// <summary>
/// A disk of its own for one database, which can be filled: it is a tablespace, of a server of its own, because any session of a
/// server may have to write another one's pages. Only root can mount one.
/// </summary>
public sealed class SmallDisk : IAsyncDisposable
{
    private const string Name = "small";

    private readonly OwnedDirectory _directory;
    private readonly PostgresServer _server;
    private readonly TemporaryDisk _disk;

    private SmallDisk(OwnedDirectory directory, PostgresServer server, TemporaryDisk disk) => (_directory, _server, _disk) = (directory, server, disk);

    public static bool IsPossible => TemporaryDisk.IsPossible;

    /// <summary>Npgsql connection string of a new, empty database on it.</summary>
    public string ConnectionString => _server.ConnectionStringOf(Name);

    public static async Task<SmallDisk> CreateAsync(int megabytes = 64)
    {
        var directory = await TestDirectory.CreateOwnedAsync("small-disk");
        var server = await PostgresServer.StartAsync(directory);
        var disk = await TemporaryDisk.MountAsync(megabytes);
        var tablespace = await disk.DirectoryForPostgresAsync("tablespace");

        await using var maintenance = NpgsqlDataSource.Create(server.ConnectionString);
        await maintenance.ExecuteAsync($"CREATE TABLESPACE {Name} LOCATION '{tablespace}'");
        await maintenance.ExecuteAsync($"CREATE DATABASE {Name} TABLESPACE {Name}");
        return new SmallDisk(directory, server, disk);
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
        await using var maintenance = NpgsqlDataSource.Create(_server.ConnectionString);
        await maintenance.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", Name);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.KillAsync();
        await _server.DisposeAsync();
        await _disk.DisposeAsync();
        _directory.Dispose();
    }

    private string[] CatalogFiles() => Directory.GetFiles(_disk.Path, "pg_internal.init", SearchOption.AllDirectories);
}
