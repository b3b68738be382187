using Npgsql;
using Webhooks.TestKit;

[assembly: AssemblyFixture(typeof(Webhooks.Scenarios.Tests.SharedSystem))]

// Most scenarios wait for the system most of the time, so that more of them than cores may run side by side.
[assembly: CollectionBehavior(MaxParallelThreads = 6)]

namespace Webhooks.Scenarios.Tests;

/// <summary>One running system for all scenarios that kill nothing; a tenant of its own keeps each apart.</summary>
public sealed class SharedSystem : IAsyncLifetime
{
    private LocalSystem? _system;
    private NpgsqlDataSource? _database;

    /// <summary>The system trusts it.</summary>
    public TestCertificateAuthority Authority { get; } = new();

    public LocalSystem Running => _system ?? throw new InvalidOperationException("The system is not started.");

    public ManagementClient Management => Running.Management;

    public EventPublisher Events => Running.Events;

    /// <summary>For what is asked of PostgreSQL itself.</summary>
    public NpgsqlDataSource Database => _database ?? throw new InvalidOperationException("The system is not started.");

    public ParkedMessages Parked => new(Database);

    public async ValueTask InitializeAsync()
    {
        var trusted = await Authority.WritePemAsync(await TestDirectory.CreateAsync("authority"));
        _system = await LocalSystem.StartAsync(new Dictionary<string, string> { ["Webhooks__TrustedCertificates"] = trusted });
        _database = NpgsqlDataSource.Create(_system.Endpoints.Postgres);
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }

        if (_system is not null)
        {
            await _system.DisposeAsync();
        }

        Authority.Dispose();
    }
}
