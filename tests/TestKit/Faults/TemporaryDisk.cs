using Webhooks.Local.Provisioning.Packages;
using Webhooks.Local.Provisioning.Postgres;

namespace Webhooks.TestKit.Faults;

/// <summary>A disk (a tmpfs) that can be filled. Only root can mount one.</summary>
public sealed class TemporaryDisk : IAsyncDisposable
{
    private TemporaryDisk(string directory) => Path = directory;

    public static bool IsPossible => Environment.IsPrivilegedProcess && File.Exists("/usr/bin/mount");

    /// <summary>Where it is mounted.</summary>
    public string Path { get; }

    private string Filler => System.IO.Path.Combine(Path, "filler");

    public static async Task<TemporaryDisk> MountAsync(int megabytes)
    {
        var directory = await TestDirectory.CreateAsync("disk");
        await RunAsync("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", directory);
        await RunAsync("chmod", "711", directory);
        return new TemporaryDisk(directory);
    }

    /// <summary>A new directory on it that is PostgreSQL's.</summary>
    public async Task<string> DirectoryForPostgresAsync(string name)
    {
        var made = Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;
        await PostgresAccount.Choose().OwnAsync(made, CancellationToken.None);
        await RunAsync("chmod", "700", made);
        return made;
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

    public void MakeRoom() => File.Delete(Filler);

    public async ValueTask DisposeAsync() => await RunAsync("umount", Path);

    internal static async Task RunAsync(string program, params string[] arguments)
    {
        var (exitCode, output) = await Programs.RunAsync(program, arguments, CancellationToken.None);
        if (exitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {output}");
        }
    }
}
