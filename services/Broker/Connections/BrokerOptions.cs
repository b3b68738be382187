namespace Webhooks.Broker.Connections;

/// <summary>How to reach RabbitMQ.</summary>
public sealed class BrokerOptions
{
    /// <summary><c>amqp://user:password@host:port/vhost</c>, from <c>ConnectionStrings:RabbitMq</c>; of several nodes the first.</summary>
    public required Uri Uri { get; init; }

    /// <summary>Every node of a cluster; they differ in host and port alone. A connection is made to any that answers.</summary>
    public IReadOnlyList<Uri> Nodes
    {
        get => field ?? [Uri];
        init;
    }

    /// <summary>Shown in the broker's list of connections.</summary>
    public required string ClientName { get; init; }

    /// <summary>How long a confirm may take before its connection is given up.</summary>
    public TimeSpan ConfirmTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
