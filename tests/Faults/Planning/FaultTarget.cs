namespace Webhooks.Faults.Planning;

/// <summary>What a fault hits.</summary>
internal enum FaultTarget
{
    Dispatcher,
    Publisher,
    Management,
    RabbitMq,
    Postgres,

    /// <summary>The connections of services, and of the client that publishes, to RabbitMQ.</summary>
    BrokerLink,

    /// <summary>The services' connections to PostgreSQL.</summary>
    DatabaseLink,

    /// <summary>Both servers and every service at once.</summary>
    Everything,

    /// <summary>One subscription's receiver.</summary>
    Receiver,
}
