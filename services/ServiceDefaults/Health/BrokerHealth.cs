using Microsoft.Extensions.Diagnostics.HealthChecks;
using Webhooks.Broker;

namespace Webhooks.ServiceDefaults.Health;

/// <summary>Ready only while RabbitMQ is connected and takes publishes.</summary>
internal sealed class BrokerHealth(BrokerLinks broker) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(broker.IsReady
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy("RabbitMQ is not connected, or blocks publishers because of a memory or disk alarm."));
}
