using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Webhooks.ServiceDefaults.Ending;

/// <summary>Runs a service from its start to its end, which comes whatever hangs.</summary>
internal sealed partial class ServiceRun(WebApplication app, StopProgress progress, ILogger<ServiceRun> logger)
{
    // What is open by then are connections, and a server that says nothing is not waited for.
    private static readonly TimeSpan LongestDisposal = TimeSpan.FromSeconds(5);

    // After its own limit the host waits for nobody who listens to it.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>Answers the exit code: 0, or 1 when one of its background services failed, which the host takes for an end in good order.</summary>
    public async Task<int> RunAsync()
    {
        var longest = app.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout + Grace;
        using var process = Process.GetCurrentProcess();
        using var lastResort = new LastResort(
            longest, progress, app.Services.GetRequiredService<ILoggerFactory>(), process.Kill, app.Lifetime.ApplicationStopping);
        try
        {
            await StartAsync();
            await app.WaitForShutdownAsync();
            return app.Services.GetServices<IHostedService>().OfType<BackgroundService>().Any(service => service.ExecuteTask is { IsFaulted: true }) ? 1 : 0;
        }
        finally
        {
            await DisposeAsync();
        }
    }

    private async Task StartAsync()
    {
        var stopping = app.Lifetime.ApplicationStopping;
        progress.Starting(stopping);
        try
        {
            await app.StartAsync();
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // No fault. What has been started by then is stopped as ever.
            Log.StoppedWhileStarting(logger);
        }

        progress.Started();
    }

    private async Task DisposeAsync()
    {
        progress.Reached("the disposal of what it had made");
        try
        {
            await Task.Run(() => app.DisposeAsync().AsTask()).WaitAsync(LongestDisposal);
        }
        catch (TimeoutException)
        {
            Log.LeftBehind(logger, LongestDisposal.TotalSeconds);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Told to stop while it was starting")]
        public static partial void StoppedWhileStarting(ILogger logger);

        [LoggerMessage(2, LogLevel.Warning, "What this service had open is not closed after {Seconds} s, and ends with its process")]
        public static partial void LeftBehind(ILogger logger, double seconds);
    }
}
