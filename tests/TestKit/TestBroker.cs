using Webhooks.Local.Provisioning;

namespace Webhooks.TestKit;

/// <summary>One real RabbitMQ a test process, started when first used; a virtual host keeps tests apart.</summary>
public static class TestBroker
{
    private static int _virtualHosts;

    /// <summary>AMQP URI of a new, empty virtual host (takes some 20 ms).</summary>
    public static async Task<string> CreateVhostAsync(CancellationToken cancellationToken = default)
    {
        var server = await TestRun.BrokerAsync();
        return await server.CreateVirtualHostAsync($"test-{Interlocked.Increment(ref _virtualHosts)}", cancellationToken);
    }

    /// <summary>Deletes one of ours with all that is in it: queues that are left go on working.</summary>
    public static async Task DeleteVhostAsync(string uri) => await (await TestRun.BrokerAsync()).DeleteVirtualHostAsync(uri);

    /// <summary>The server itself. Killing it hits every test that runs meanwhile: such a test starts one of its own.</summary>
    public static Task<RabbitMqServer> ServerAsync() => TestRun.BrokerAsync();
}
