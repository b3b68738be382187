using Microsoft.Extensions.Diagnostics.HealthChecks;
using Webhooks.Broker;

namespace Webhooks.ServiceDefaults.Health;

/// <summary>Ready only while RabbitMQ is connected, answers and takes publishes.</summary>
internal sealed class BrokerHealth(BrokerLinks broker) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        await broker.AnswersAsync(cancellationToken)
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy("RabbitMQ is not connected, does not answer, or blocks publishers because of a memory or disk alarm.");
}
