using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Webhooks.ServiceDefaults.Telemetry;

/// <summary>
/// Telemetry of every host. .NET and our libraries emit their own spans and metrics; this only collects and exports
/// them, and only when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says where to.
/// </summary>
internal static class TelemetryModule
{
    // System.Net.Http is left out on purpose: its tags carry customers' host names.
    private static readonly string[] Sources = ["Microsoft.AspNetCore", "Npgsql", "Webhooks.*"];
    private static readonly string[] Meters = ["Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime", "Npgsql", "Webhooks.*"];

    public static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        if (string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            return;
        }

        var name = builder.Environment.ApplicationName;
        // A factory, so that the container owns the SDK and disposes it at the end; disposing flushes.
        builder.Services.AddSingleton(_ => OpenTelemetrySdk.Create(otel => otel
            .ConfigureResource(resource => resource.AddService(name))
            .WithTracing(tracing => tracing.AddSource(Sources))
            .WithMetrics(metrics => metrics.AddMeter(Meters))
            .UseOtlpExporter()));
        builder.Services.AddHostedService<TelemetryOwner>();
    }

    /// <summary>Asks for the SDK, so that it exists from the start.</summary>
    private sealed class TelemetryOwner(OpenTelemetrySdk sdk) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken)
        {
            GC.KeepAlive(sdk);
            return Task.CompletedTask;
        }
    }
}
