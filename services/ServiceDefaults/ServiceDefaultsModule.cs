using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Webhooks.ServiceDefaults.Ending;
using Webhooks.ServiceDefaults.Health;
using Webhooks.ServiceDefaults.Telemetry;

namespace Webhooks.ServiceDefaults;

/// <summary>What every service has: logging, telemetry, health, a shutdown that leaves time to finish, and an end in any case.</summary>
public static class ServiceDefaultsModule
{
    private const string ReadyTag = "ready";

    public static void AddServiceDefaults(this WebApplicationBuilder builder)
    {
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });

        // Npgsql tells of every command at Information, ASP.NET Core of every request.
        builder.Logging.AddFilter("Npgsql", LogLevel.Warning).AddFilter("Microsoft.AspNetCore", LogLevel.Warning);

        // The framework tells an error at every probe of a service that is only starting; ReadinessLog tells of changes.
        builder.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        builder.Services.AddSingleton<ReadinessLog>();

        // Longer than the longest deadline of an attempt (30 s) and its record.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(45));
        builder.Services.AddHealthChecks()
            .AddCheck<DatabaseHealth>("postgres", tags: [ReadyTag])
            .AddCheck<BrokerHealth>("rabbitmq", tags: [ReadyTag]);
        builder.AddTelemetry();
        builder.AddEnding();
    }

    public static void MapServiceDefaults(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
        var log = app.Services.GetRequiredService<ReadinessLog>();
        app.MapHealthChecks("/health/ready", new HealthCheckOptions
        {
            Predicate = check => check.Tags.Contains(ReadyTag),
            ResponseWriter = (context, report) =>
            {
                log.Note(report);
                return HealthReportJson.WriteAsync(context, report);
            },
        });
    }

    /// <summary>
    /// Runs until a stop is asked for, also while it starts, or a fault ends it; answers the process's exit code. A stop that hangs is
    /// ended by a kill.
    /// </summary>
    public static Task<int> RunServiceAsync(this WebApplication app) => ActivatorUtilities.CreateInstance<ServiceRun>(app.Services, app).RunAsync();

    private static void AddEnding(this WebApplicationBuilder builder)
    {
        var progress = new StopProgress();
        builder.Services.AddSingleton(progress);
        // It runs when all services are registered, the web server's too.
        builder.Host.ConfigureContainer<IServiceCollection>((_, services) => progress.Follow(services));
        // To the host every start that does not come to its end is an error.
        builder.Logging.AddFilter(
            "Microsoft.Extensions.Hosting.Internal.Host", level => level >= LogLevel.Information && !(level == LogLevel.Error && progress.CutsTheStart));
    }
}
