using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Webhooks.Broker.Connections;

namespace Webhooks.Broker;

/// <summary>Registers RabbitMQ: connections by purpose, and the makers of publishers and consumers.</summary>
public static class BrokerModule
{
    /// <summary>Adds the broker from <c>ConnectionStrings:RabbitMq</c>.</summary>
    public static void AddBroker(this IHostApplicationBuilder builder)
    {
        if (BrokerAddress.TryRead(builder.Configuration.GetConnectionString("RabbitMq")) is not { } nodes)
        {
            throw new InvalidOperationException(
                "ConnectionStrings:RabbitMq must be an AMQP URI, for example \"amqp://user:password@127.0.0.1:5672/\", or \"amqp://user:password@mq1:5672,mq2:5672/\" for a cluster.");
        }

        builder.Services.AddSingleton(new BrokerOptions { Uri = nodes[0], Nodes = nodes, ClientName = builder.Environment.ApplicationName });
        builder.Services.AddSingleton<BrokerLinks>();
    }
}
