using Webhooks.Local.Processes;
using Webhooks.Local.Provisioning;
using Webhooks.TestKit;

namespace Webhooks.Broker.Tests.Outages;

/// <summary>A RabbitMQ that may be killed, and whose alarms reach nobody else. Its tests run one after the other.</summary>
public sealed class OwnBroker : IAsyncLifetime
{
    private OwnedDirectory? _directory;
    private int _virtualHosts;

    public RabbitMqServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _directory = await TestDirectory.CreateOwnedAsync("broker");
        Server = await RabbitMqServer.StartAsync(_directory);
    }

    public Task<string> CreateVhostAsync() => Server.CreateVirtualHostAsync($"outage-{++_virtualHosts}");

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _directory?.Dispose();
    }
}
