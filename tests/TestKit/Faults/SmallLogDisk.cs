using Npgsql;

namespace Webhooks.TestKit.Faults;

/// <summary>
/// A disk of its own for the write-ahead log of a running system's PostgreSQL. Filled, it makes the server panic, and keeps it
/// from starting again.
/// </summary>
public sealed class SmallLogDisk : IAsyncDisposable
{
    // Beside the log that there is: a few of its segments.
    private const int MegabytesLeft = 64;

    private readonly LocalSystem _system;
    private readonly TemporaryDisk _disk;
    private readonly string _log;

    private SmallLogDisk(LocalSystem system, TemporaryDisk disk, string log) => (_system, _disk, _log) = (system, disk, log);

    private string Aside => $"{_log}.aside";

    /// <summary>Moves the log there; PostgreSQL is killed and started again.</summary>
    public static async Task<SmallLogDisk> MoveAsync(LocalSystem system)
    {
        await using var database = NpgsqlDataSource.Create(system.Endpoints.Postgres);
        var log = Path.Combine(await database.ScalarAsync<string>("SELECT current_setting('data_directory')"), "pg_wal");
        SmallLogDisk? moved = null;
        await system.KillAsync("postgres", async () =>
        {
            var size = new DirectoryInfo(log).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length) >> 20;
            var disk = await TemporaryDisk.MountAsync((int)size + MegabytesLeft);
            moved = new SmallLogDisk(system, disk, log);
            await moved.CopyAsync(log, await disk.DirectoryForPostgresAsync("pg_wal"));
            Directory.Move(log, moved.Aside);
            Directory.CreateSymbolicLink(log, Path.Combine(disk.Path, "pg_wal"));
        });
        return moved!;
    }

    /// <summary>Leaves not a byte, and uses up the segments that lie ready: returns when the server has ended over it.</summary>
    public async Task FillAsync()
    {
        _disk.Fill();
        await using var database = NpgsqlDataSource.Create(_system.Endpoints.Postgres);
        try
        {
            while (true)
            {
                await database.ExecuteAsync("SELECT pg_logical_emit_message(true, 'test', 'one more segment'), pg_switch_wal()");
            }
        }
        catch (NpgsqlException)
        {
        }
    }

    public void MakeRoom() => _disk.MakeRoom();

    /// <summary>Moves the log back, in the same way.</summary>
    public async ValueTask DisposeAsync()
    {
        MakeRoom();
        await _system.KillAsync("postgres", async () =>
        {
            File.Delete(_log);
            Directory.Move(Aside, _log);
            foreach (var old in Directory.GetFiles(_log))
            {
                File.Delete(old);
            }

            await CopyAsync(Path.Combine(_disk.Path, "pg_wal"), _log);
        });
        await _disk.DisposeAsync();
    }

    private Task CopyAsync(string from, string to) => TemporaryDisk.RunAsync("cp", "-a", $"{from}/.", to);
}
