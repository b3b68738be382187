using Webhooks.Local.Processes;
using Webhooks.Local.Provisioning;

namespace Webhooks.TestKit;

/// <summary>
/// The servers of one test process: started when first asked for, ended with the process. Should the process be killed,
/// its directory's watchdog ends them, and a later run deletes what it left on the disk.
/// </summary>
internal static class TestRun
{
    private static readonly string AllRuns = Path.Combine(Path.GetTempPath(), $"webhooks-tests-{Environment.UserName}");

    private static readonly Lazy<Task<OwnedDirectory>> Directory = new(TakeDirectoryAsync);

    private static readonly Lazy<Task<RabbitMqServer>> Broker =
        new(async () => await RabbitMqServer.StartAsync(await Directory.Value, Report));

    private static readonly Lazy<Task<PostgresServer>> Database =
        new(async () => await PostgresServer.StartAsync(await Directory.Value, Durability.WithoutSync, Report));

    public static Task<RabbitMqServer> BrokerAsync() => Broker.Value;

    public static Task<PostgresServer> DatabaseAsync() => Database.Value;

    /// <summary>A new directory of this run, for a test that starts servers of its own or needs files.</summary>
    public static async Task<string> NewDirectoryAsync(string purpose) =>
        System.IO.Directory.CreateDirectory(
            Path.Combine((await Directory.Value).Path, $"{purpose}-{Guid.NewGuid():N}"[..(purpose.Length + 9)])).FullName;

    private static async Task<OwnedDirectory> TakeDirectoryAsync()
    {
        System.IO.Directory.CreateDirectory(AllRuns);
        await DeleteDeadRunsAsync();

        var directory = await OwnedDirectory.TakeAsync(Path.Combine(AllRuns, $"{Environment.ProcessId}-{Guid.NewGuid():N}"[..20]));
        AppDomain.CurrentDomain.ProcessExit += (_, _) => End(directory);
        return directory;
    }

    // Nothing in there is worth a clean stop.
    private static void End(OwnedDirectory directory)
    {
        if (Database is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
        {
            Database.Value.Result.KillAsync().GetAwaiter().GetResult();
        }

        directory.Dispose();
        Delete(directory.Path);
    }

    private static async Task DeleteDeadRunsAsync()
    {
        // A younger one may not have been locked by its owner yet.
        var old = TimeProvider.System.GetUtcNow().UtcDateTime - TimeSpan.FromMinutes(1);
        foreach (var path in System.IO.Directory.EnumerateDirectories(AllRuns)
            .Where(path => System.IO.Directory.GetCreationTimeUtc(path) < old))
        {
            try
            {
                using var dead = await OwnedDirectory.TakeAsync(path);
                Delete(path);
            }
            catch (Exception failure) when (failure is DirectoryInUseException or IOException)
            {
                // Alive: a test process that runs beside us. Or another one is deleting it at this moment.
            }
        }
    }

    // Best effort: a file that vanishes or appears meanwhile must not fail a test run, and the next run tries again.
    private static void Delete(string path)
    {
        try
        {
            System.IO.Directory.Delete(path, recursive: true);
        }
        catch (IOException)
        {
        }
    }

    private static void Report(string progress) => Console.Error.WriteLine($"Webhooks.TestKit: {progress}");
}
