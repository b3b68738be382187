using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Webhooks.Database.Faults;
using Webhooks.Database.Migrations;
using Webhooks.Database.Notifications;
using Webhooks.Database.Partitions;
using Webhooks.Database.Settings;

namespace Webhooks.Database;

/// <summary>Registers PostgreSQL: one data source, migrated before anything else starts.</summary>
public static class DatabaseModule
{
    /// <summary>Adds the data source from <c>ConnectionStrings:Postgres</c>.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="onlyKeyLookups">
    /// True for the hot path: each of its statements finds rows by key, and must never be planned as a scan or a hash
    /// join just because a partition was empty or its statistics were missing when the plan was made.
    /// </param>
    public static void AddDatabase(this IHostApplicationBuilder builder, bool onlyKeyLookups = false)
    {
        var configured = builder.Configuration.GetConnectionString("Postgres")
            ?? throw new InvalidOperationException("ConnectionStrings:Postgres is missing: give the PostgreSQL connection string, for example \"Host=127.0.0.1;Database=webhooks;Username=webhooks\".");

        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(services => Build(configured, onlyKeyLookups, services.GetRequiredService<ILoggerFactory>()));
        builder.Services.AddSingleton<Migrator>();
        builder.Services.AddSingleton<MigratedSchema>();
        builder.Services.AddSingleton<DayPartitions>();
        builder.Services.AddSingleton<SettingsStore>();
        builder.Services.AddSingleton<DatabaseGate>();
        builder.Services.AddSingleton<ConfigListener>();
        builder.Services.AddHostedService<MigrateAtStart>();
        builder.Services.AddHostedService<PartitionKeeper>();
    }

    private static NpgsqlDataSource Build(string configured, bool onlyKeyLookups, ILoggerFactory loggers)
    {
        var builder = new NpgsqlDataSourceBuilder(ConnectionSettings.Of(configured, onlyKeyLookups)) { Name = "webhooks" };
        builder.UseLoggerFactory(loggers);
        return builder.Build();
    }
}
