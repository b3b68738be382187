namespace Webhooks.Local.Provisioning.Packages;

/// <summary>One installation at a time on this machine: test projects run side by side and would all start one.</summary>
internal static class InstallLock
{
    public static async Task<FileStream> TakeAsync(CancellationToken cancellationToken)
    {
        // By user, because a file in /tmp that another user made can be opened but not always locked.
        var file = Path.Combine(Path.GetTempPath(), $"webhooks-install-{Environment.UserName}.lock");
        while (true)
        {
            try
            {
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(250, cancellationToken);
            }
        }
    }
}
