using Webhooks.Local.Provisioning.Postgres;
using Webhooks.Local.Provisioning.RabbitMq;

namespace Webhooks.Local.Provisioning.Packages;

/// <summary>Finds the installed servers, and has Debian's packages installed where there are none and it may.</summary>
internal static class ServerPackages
{
    public static Task<RabbitMqInstallation> RabbitMqAsync(Action<string> report, CancellationToken cancellationToken) =>
        FindOrInstallAsync(RabbitMqInstallation.Find, "RabbitMQ", report, cancellationToken);

    public static Task<PostgresInstallation> PostgresAsync(Action<string> report, CancellationToken cancellationToken) =>
        FindOrInstallAsync(PostgresInstallation.Find, "PostgreSQL", report, cancellationToken);

    private static async Task<T> FindOrInstallAsync<T>(
        Func<T?> find, string name, Action<string> report, CancellationToken cancellationToken)
        where T : class
    {
        if (find() is { } installed)
        {
            return installed;
        }

        report("waiting for its package");
        await using (await InstallLock.TakeAsync(cancellationToken))
        {
            // Somebody else may have installed it while we waited for our turn.
            if (find() is { } since)
            {
                return since;
            }

            // Both at once: whoever lacks one usually lacks the other, and the lists are fetched only once.
            string[] missing =
            [
                .. RabbitMqInstallation.Find() is null ? new[] { "rabbitmq-server" } : [],
                .. PostgresInstallation.Find() is null ? new[] { "postgresql" } : [],
            ];
            await DebianPackages.InstallAsync(missing, report, cancellationToken);
        }

        return find() ?? throw new ProvisioningException($"{name} was installed, but its server program was not found afterwards.");
    }
}
