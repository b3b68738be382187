using Webhooks.TestKit;

[assembly: AssemblyFixture(typeof(Webhooks.Scenarios.Tests.SharedSystem))]

// Most scenarios wait for the system most of the time, so that more of them than cores may run side by side.
[assembly: CollectionBehavior(MaxParallelThreads = 6)]

namespace Webhooks.Scenarios.Tests;

/// <summary>One running system for all scenarios that kill nothing; a tenant of its own keeps each apart.</summary>
public sealed class SharedSystem : IAsyncLifetime
{
    private LocalSystem? _system;
    private ParkedMessages? _parked;

    /// <summary>The system trusts it.</summary>
    public TestCertificateAuthority Authority { get; } = new();

    public LocalSystem Running => _system ?? throw new InvalidOperationException("The system is not started.");

    public ManagementClient Management => Running.Management;

    public EventPublisher Events => Running.Events;

    public ParkedMessages Parked => _parked ?? throw new InvalidOperationException("The system is not started.");

    public async ValueTask InitializeAsync()
    {
        var trusted = await Authority.WritePemAsync(await TestDirectory.CreateAsync("authority"));
        _system = await LocalSystem.StartAsync(new Dictionary<string, string> { ["Webhooks__TrustedCertificates"] = trusted });
        _parked = await ParkedMessages.ConsumeAsync(_system.Endpoints.Amqp);
    }

    public async ValueTask DisposeAsync()
    {
        if (_parked is not null)
        {
            await _parked.DisposeAsync();
        }

        if (_system is not null)
        {
            await _system.DisposeAsync();
        }

        Authority.Dispose();
    }
}
