using Webhooks.Local.Processes;
using Webhooks.Local.Provisioning;

namespace Webhooks.TestKit;

/// <summary>A RabbitMQ that may be killed, and whose alarms reach nobody else. Its tests run one after the other.</summary>
public sealed class OwnBroker : IAsyncDisposable
{
    private readonly OwnedDirectory _directory;
    private int _virtualHosts;

    private OwnBroker(OwnedDirectory directory, RabbitMqServer server) => (_directory, Server) = (directory, server);

    public RabbitMqServer Server { get; }

    public static async Task<OwnBroker> StartAsync()
    {
        var directory = await TestDirectory.CreateOwnedAsync("broker");
        return new OwnBroker(directory, await RabbitMqServer.StartAsync(directory));
    }

    public Task<string> CreateVhostAsync() => Server.CreateVirtualHostAsync($"outage-{++_virtualHosts}");

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _directory.Dispose();
    }
}
