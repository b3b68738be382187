using Webhooks.Local.Display;
using Webhooks.Local.Processes;
using Webhooks.Local.Provisioning;
using Webhooks.Local.Running;

namespace Webhooks.Local.Commands;

/// <summary>One run from start to stop, told on the terminal.</summary>
internal static class LocalRun
{
    private const int Failed = 1;

    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(LocalSystemOptions options, bool playDemo, bool stopAfterwards)
    {
        using var stop = new StopRequest();
        var display = new ProgressDisplay(TimeProvider.System);
        display.Title(options.StateDirectory);
        try
        {
            await using (var system = await display.ShowAsync(() =>
                LocalSystem.StartAsync(options with { Progress = display.Report }, stop.Token)))
            {
                display.Ready(system);
                if (!stopAfterwards)
                {
                    await stop.Requested;
                }

                display.Stopping();
            }

            display.Stopped();
            return 0;
        }
        catch (Exception failure) when (failure is ProvisioningException or DirectoryInUseException)
        {
            display.Failure(failure.Message);
            return Failed;
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            display.Stopped();
            return 0;
        }
    }
}
