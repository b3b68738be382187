using Webhooks.Local.Processes;

namespace Webhooks.TestKit;

/// <summary>Directories that vanish with the test process; servers started in one are ended with it.</summary>
public static class TestDirectory
{
    public static Task<string> CreateAsync(string purpose) => TestRun.NewDirectoryAsync(purpose);

    /// <summary>For a test that starts, kills and restarts servers of its own. Dispose the servers first.</summary>
    public static async Task<OwnedDirectory> CreateOwnedAsync(string purpose) =>
        await OwnedDirectory.TakeAsync(await TestRun.NewDirectoryAsync(purpose));
}
