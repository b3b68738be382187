using Webhooks.Local.Provisioning;
using Webhooks.TestKit;

namespace Webhooks.Broker.Tests.Outages;

/// <summary>A broker of a class's own.</summary>
public sealed class OutageBroker : IAsyncLifetime
{
    private OwnBroker? _broker;

    public RabbitMqServer Server => Broker.Server;

    private OwnBroker Broker => _broker ?? throw new InvalidOperationException("The broker is not started.");

    public async ValueTask InitializeAsync() => _broker = await OwnBroker.StartAsync();

    public Task<string> CreateVhostAsync() => Broker.CreateVhostAsync();

    public async ValueTask DisposeAsync()
    {
        if (_broker is not null)
        {
            await _broker.DisposeAsync();
        }
    }
}
