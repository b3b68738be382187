using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using Webhooks.Database.Faults;

namespace Webhooks.ServiceDefaults.Health;

/// <summary>Ready only while PostgreSQL answers and takes our work.</summary>
internal sealed class DatabaseHealth(NpgsqlDataSource database, DatabaseGate gate) : IHealthCheck
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var probe = database.CreateCommand("SELECT 1");
            probe.CommandTimeout = 2;
            // Whoever asks is gone before a frozen server has used up every deadline on the way.
            await probe.ExecuteScalarAsync(cancellationToken).WaitAsync(Limit, cancellationToken);
            return gate.IsRefusing
                ? HealthCheckResult.Unhealthy("PostgreSQL answers, but refuses work: its disk may be full, or it may be a standby.")
                : HealthCheckResult.Healthy();
        }
        catch (Exception fault) when (DatabaseFault.IsOurs(fault))
        {
            return HealthCheckResult.Unhealthy("PostgreSQL does not answer.");
        }
    }
}
