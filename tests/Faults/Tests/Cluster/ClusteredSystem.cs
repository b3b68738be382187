using Webhooks.TestKit;

// The two that start whole systems have the machine to themselves, one after the other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Webhooks.Faults.Tests.Cluster;

/// <summary>Three RabbitMQ nodes, two publishers and three dispatchers.</summary>
public sealed class ClusteredSystem : IAsyncLifetime
{
    public BrokerCluster Broker { get; private set; } = null!;

    public LocalSystem Services { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Broker = await BrokerCluster.StartAsync();
        Services = await LocalSystem.StartAsync(
            new Dictionary<string, string> { ["ConnectionStrings__RabbitMq"] = Broker.ConnectionString }, "--publishers", "2", "--dispatchers", "3");
    }

    public async ValueTask DisposeAsync()
    {
        if (Services is not null)
        {
            await Services.DisposeAsync();
        }

        if (Broker is not null)
        {
            await Broker.DisposeAsync();
        }
    }
}
