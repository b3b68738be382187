using System.Diagnostics;
using Webhooks.Local.Processes;
using Webhooks.TestKit;

namespace Webhooks.Local.Tests.Processes;

public sealed class OwnedDirectoryTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Only_one_owner_at_a_time_and_the_second_is_told_who_has_it()
    {
        using var owner = await TestDirectory.CreateOwnedAsync("owned");

        var refused = await Assert.ThrowsAsync<DirectoryInUseException>(() => OwnedDirectory.TakeAsync(owner.Path));

        Assert.Contains($"process {Environment.ProcessId}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whatever_was_not_stopped_is_ended_with_the_owner()
    {
        var owner = await TestDirectory.CreateOwnedAsync("owned");
        using var child = await StartSleeperAsync(owner.Path, owner.Mark);

        owner.Dispose();

        await child.Exited.WaitAsync(Limit);
    }

    [Fact]
    public async Task An_owner_may_delete_what_it_owns_before_it_gives_it_back()
    {
        var owner = await TestDirectory.CreateOwnedAsync("owned");
        using var child = await StartSleeperAsync(owner.Path, owner.Mark);

        Directory.Delete(owner.Path, recursive: true);
        owner.Dispose();

        Assert.False(ProcessTable.IsAlive(child.Id));
    }

    [Fact]
    public async Task What_a_killed_owner_left_is_ended_before_the_next_one_gets_the_directory()
    {
        var path = await TestDirectory.CreateAsync("owned");
        using var leftover = await StartSleeperAsync(path, $"{path}#an-earlier-run");
        using var neighbour = await StartSleeperAsync(path, $"{path}-beside#an-earlier-run");

        using var owner = await OwnedDirectory.TakeAsync(path);

        Assert.False(ProcessTable.IsAlive(leftover.Id));
        Assert.True(ProcessTable.IsAlive(neighbour.Id));
        await neighbour.KillAsync();
    }

    [Fact]
    public async Task The_watchdog_ends_the_children_of_an_owner_that_was_killed()
    {
        var path = await TestDirectory.CreateAsync("owned");
        var mark = $"{path}#run";
        using var child = await StartSleeperAsync(path, mark);

        // Its input ends when we do, however we end; here we end the input.
        Watchdog.Start($"{OwnedDirectory.MarkVariable}={mark}").Dispose();

        await child.Exited.WaitAsync(Limit);
    }

    [Fact]
    public async Task A_child_that_ignores_the_request_to_stop_is_killed()
    {
        var path = await TestDirectory.CreateAsync("child");
        using var deaf = ChildProcess.Start(new ChildCommand(
            "/bin/sh", ["-c", "trap '' TERM; echo deaf; while true; do sleep 0.1; done"], Path.Combine(path, "log")));
        await Eventually.TrueAsync(
            () => File.Exists(deaf.LogFile) && File.ReadAllText(deaf.LogFile) == "deaf\n", Limit, "the child to be deaf");

        var started = Stopwatch.StartNew();
        await deaf.StopAsync(ProcessSignal.Terminate, TimeSpan.FromMilliseconds(300));

        Assert.True(deaf.HasExited);
        // Timers may fire some milliseconds early.
        Assert.InRange(started.Elapsed, TimeSpan.FromMilliseconds(250), Limit);
    }

    /// <summary>Returns when it sleeps: until then the shell before it writes its log, and while one becomes the other /proc shows no environment.</summary>
    private static async Task<ChildProcess> StartSleeperAsync(string directory, string mark)
    {
        var sleeper = ChildProcess.Start(new ChildCommand("sleep", ["600"], Path.Combine(directory, "log"))
        {
            Environment = new Dictionary<string, string?> { [OwnedDirectory.MarkVariable] = mark },
        });
        await Eventually.TrueAsync(
            () => ProcessTable.NameOf(sleeper.Id) == "sleep" && ProcessTable.EnvironmentOf(sleeper.Id).Contains($"{OwnedDirectory.MarkVariable}={mark}"), Limit, "the child to sleep");
        return sleeper;
    }
}
