using Microsoft.Extensions.Diagnostics.HealthChecks;
using Webhooks.Broker;

namespace Webhooks.ServiceDefaults.Health;

/// <summary>Ready only while RabbitMQ is connected, answers, takes publishes and lets our queues be consumed.</summary>
internal sealed class BrokerHealth(BrokerLinks broker) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (!await broker.AnswersAsync(cancellationToken))
        {
            return HealthCheckResult.Unhealthy("RabbitMQ is not connected, does not answer, or blocks publishers because of a memory or disk alarm.");
        }

        return broker.CutOff is { Count: > 0 } queues
            ? HealthCheckResult.Unhealthy($"RabbitMQ is there, but nothing can be consumed from {string.Join(", ", queues)} at present: a right may be missing, or the limit of connections be reached. The log has its answer.")
            : HealthCheckResult.Healthy();
    }
}
