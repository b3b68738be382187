using System.Diagnostics;

namespace Webhooks.Local.Processes;

/// <summary>
/// A directory that one process of ours uses at a time, and the owner of every process started for it: all of them carry
/// its mark in their environment, which their own children inherit. Whatever an earlier, killed owner left running is
/// ended before the directory is handed out; and a watchdog ends everything should this owner be killed.
/// </summary>
public sealed class OwnedDirectory : IDisposable
{
    /// <summary>Environment variable of every process that belongs to a directory: its path, '#', and the run's own id.</summary>
    internal const string MarkVariable = "WEBHOOKS_CHILD_OF";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly FileStream _lock;
    private readonly Watchdog _watchdog;

    private OwnedDirectory(string path, FileStream exclusive)
    {
        Path = path;
        Mark = $"{path}#{Guid.NewGuid():N}";
        _lock = exclusive;
        _watchdog = Watchdog.Start($"{MarkVariable}={Mark}");
    }

    /// <summary>Absolute, without a trailing slash.</summary>
    public string Path { get; }

    internal string Mark { get; }

    /// <summary>Takes the directory, creating it where needed.</summary>
    /// <exception cref="DirectoryInUseException">Another process has it.</exception>
    public static async Task<OwnedDirectory> TakeAsync(string path, CancellationToken cancellationToken = default)
    {
        path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        LetOthersPass(Directory.CreateDirectory(path));

        var exclusive = Lock(path);
        try
        {
            await EndLeftoversAsync(path, cancellationToken);
            await File.WriteAllTextAsync(PidFile(path), $"{Environment.ProcessId}\n", cancellationToken);
            return new OwnedDirectory(path, exclusive);
        }
        catch
        {
            await exclusive.DisposeAsync();
            throw;
        }
    }

    /// <summary>Gives the directory back, after ending whatever of ours was not stopped before.</summary>
    public void Dispose()
    {
        // Waited for: a process that is still dying still writes, and would fill the directory that its owner deletes.
        SpinWait.SpinUntil(KilledAll, Patience);
        if (Directory.Exists(Path))
        {
            File.Delete(PidFile(Path));
        }

        _watchdog.Dispose();
        _lock.Dispose();
    }

    private bool KilledAll()
    {
        var left = Marked(mark => mark == Mark);
        left.ForEach(id => ProcessSignal.Send(id, ProcessSignal.Kill));
        return left.Count == 0;
    }

    // PostgreSQL may have to run as another user and must get to its data in here. Nobody can list the directory for it,
    // and one that was in use before we came is its maker's to open.
    private static void LetOthersPass(DirectoryInfo directory)
    {
        if (!OperatingSystem.IsWindows() && !directory.EnumerateFileSystemInfos().Any())
        {
            directory.UnixFileMode =
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        }
    }

    private static string PidFile(string path) => System.IO.Path.Combine(path, "owner.pid");

    // The lock is the kernel's (flock): it ends with its process, however that ends. The pid is only for the message.
    private static FileStream Lock(string path)
    {
        try
        {
            return new FileStream(
                System.IO.Path.Combine(path, "owner.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException failure) when (failure is not (DirectoryNotFoundException or FileNotFoundException or PathTooLongException))
        {
            var owner = File.Exists(PidFile(path)) ? File.ReadAllText(PidFile(path)).Trim() : "unknown";
            throw new DirectoryInUseException(path, owner);
        }
    }

    private static async Task EndLeftoversAsync(string path, CancellationToken cancellationToken)
    {
        var waited = Stopwatch.StartNew();
        while (Marked(mark => mark.StartsWith(path + "#", StringComparison.Ordinal)) is { Count: > 0 } leftovers)
        {
            var signal = waited.Elapsed > Patience ? ProcessSignal.Kill : ProcessSignal.Terminate;
            leftovers.ForEach(id => ProcessSignal.Send(id, signal));
            await Task.Delay(100, cancellationToken);
        }
    }

    private static List<int> Marked(Predicate<string> isOurs) =>
        [.. ProcessTable.WithEnvironment(MarkVariable, isOurs).Where(ProcessTable.IsAlive)];
}

/// <summary>Another process owns the directory.</summary>
public sealed class DirectoryInUseException(string path, string owner)
    : Exception($"{path} is in use by process {owner}; stop that one first, or choose another directory.");
