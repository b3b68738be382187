using System.Text.Json;
using RabbitMQ.Client.Exceptions;
using Webhooks.Local.Demo;
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
        var exitCode = 0;
        try
        {
            await using (var system = await display.ShowAsync(() =>
                LocalSystem.StartAsync(options with { Progress = display.Report }, stop.Token)))
            {
                await using var demo = new DemoRun(system.Endpoints, TimeProvider.System);
                var wentWell = !playDemo || await PlayAsync(demo, display, stop.Token);
                if (!stopAfterwards)
                {
                    display.Ready(system);
                    await stop.Requested;
                }

                exitCode = wentWell ? 0 : Failed;
                display.Stopping();
            }

            display.Stopped();
            // Whoever stops a run by hand has seen what the demo said.
            return stopAfterwards ? exitCode : 0;
        }
        catch (Exception failure) when (failure is ProvisioningException or DirectoryInUseException or IOException or UnauthorizedAccessException)
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

    private static async Task<bool> PlayAsync(DemoRun demo, ProgressDisplay display, CancellationToken cancellationToken)
    {
        try
        {
            await demo.PlayAsync(new DemoStory(display), cancellationToken);
            return true;
        }
        catch (Exception failure) when (failure is DemoException or HttpRequestException or JsonException or IOException or RabbitMQClientException
            || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            display.Failure($"The demo did not go well: {failure.Message}");
            return false;
        }
    }
}
