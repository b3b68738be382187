using Microsoft.Extensions.Logging;
using Npgsql;
using Webhooks.Database.Faults;
using Webhooks.Database.Partitions;

namespace Webhooks.Database.Migrations;

/// <summary>Holds a service's start until the schema is current.</summary>
internal sealed class MigrateAtStart(
    Migrator migrator, DayPartitions partitions, MigratedSchema schema, NpgsqlDataSource database, TimeProvider clock, ILogger<MigrateAtStart> logger)
    : StepAtStart("the start", database, clock, logger)
{
    protected override async Task TakeAsync(CancellationToken cancellationToken)
    {
        await migrator.MigrateAsync(cancellationToken);
        await partitions.EnsureAsync(cancellationToken);
        schema.IsThere();
    }
}
