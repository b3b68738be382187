using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using Webhooks.Database.Faults;

namespace Webhooks.ServiceDefaults.Health;

/// <summary>Ready only while PostgreSQL answers.</summary>
internal sealed class DatabaseHealth(NpgsqlDataSource database) : IHealthCheck
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
            return HealthCheckResult.Healthy();
        }
        catch (Exception fault) when (DatabaseFault.IsOurs(fault))
        {
            return HealthCheckResult.Unhealthy("PostgreSQL does not answer.");
        }
    }
}
