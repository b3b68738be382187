using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Webhooks.Database.Faults;

namespace Webhooks.Subscriptions.Secrets;

/// <summary>
/// Stops the start of a service whose keys do not open the stored secrets: better than one that cannot sign. Comes after
/// the migrations, which the database's module registers before.
/// </summary>
internal sealed class SecretKeyCheckAtStart(SecretKeyCheck check, NpgsqlDataSource database, TimeProvider clock, ILogger<SecretKeyCheckAtStart> logger)
    : StepAtStart("the check of the secrets' keys", database, clock, logger)
{
    protected override async Task TakeAsync(CancellationToken cancellationToken)
    {
        var faults = await check.FindFaultsAsync(cancellationToken);
        if (faults.Count > 0)
        {
            throw new OptionsValidationException(SecretKeyOptions.Section, typeof(SecretKeyOptions), faults);
        }
    }
}
