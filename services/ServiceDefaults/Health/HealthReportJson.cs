using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Webhooks.ServiceDefaults.Health;

/// <summary>The body of <c>/health/ready</c>: <c>{"status":"unhealthy","checks":{"rabbitmq":"…"}}</c>.</summary>
internal static class HealthReportJson
{
    public static Task WriteAsync(HttpContext context, HealthReport report) => context.Response.WriteAsJsonAsync(new
    {
        status = Name(report.Status),
        checks = report.Entries.ToDictionary(
            entry => entry.Key, entry => entry.Value.Description ?? Name(entry.Value.Status), StringComparer.Ordinal),
    });

    private static string Name(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };
}
