namespace Webhooks.Contracts;

/// <summary>Every exchange and queue name that neighbours may rely on. Arguments and bindings: services/Broker/Topology.</summary>
public static class BrokerNames
{
    /// <summary>Topic exchange; anyone publishes events here with routing key = event type.</summary>
    public const string EventsExchange = "webhooks.events";

    /// <summary>The exchange MassTransit gives <see cref="DomainEvent"/> (fanout); bound to <see cref="PublisherQueue"/>.</summary>
    public const string DomainEventExchange = "Webhooks.Contracts:DomainEvent";

    /// <summary>Quorum queue with a single active consumer: events waiting to be fanned out.</summary>
    public const string PublisherQueue = "webhooks.publisher";

    /// <summary>Direct exchange of first attempts; routing key = shard number.</summary>
    public const string DeliveriesExchange = "webhooks.deliveries";

    /// <summary>Direct exchange of later attempts; routing key = shard number. Delay queues dead-letter into it.</summary>
    public const string RetriesExchange = "webhooks.retries";

    /// <summary>
    /// Quorum queue without dead-letter target: messages that our own code could not process, on their way into the table from
    /// which the API shows and republishes them.
    /// </summary>
    public const string ParkingQueue = "webhooks.parking";

    /// <summary>
    /// Topic exchange; tells what happened to deliveries and subscriptions, routing key = <see cref="NotificationTypes"/>.
    /// Bind a queue of your own; what no queue is bound for is told to nobody.
    /// </summary>
    public const string NotificationsExchange = "webhooks.notifications";

    /// <summary>Topic exchange of commands to domain services; key <see cref="ApplyExceptionCallback.RoutingKey"/>.</summary>
    public const string CommandsExchange = "webhooks.commands";

    /// <summary>Quorum queue bound with <c>exception.#</c>: commands wait here for the service that carries them out.</summary>
    public const string ExceptionCommandsQueue = "webhooks.commands.exception";

    /// <summary>Topic exchange on which services tell a command's <see cref="CallbackResult"/>, with any key.</summary>
    public const string ResultsExchange = "webhooks.results";

    /// <summary>MassTransit's exchange for <see cref="CallbackResult"/>, bound to the queue of results too: a .NET service just publishes the record.</summary>
    public const string CallbackResultExchange = "Webhooks.Contracts:CallbackResult";

    /// <summary>Quorum queue with every result.</summary>
    public const string CallbackResultsQueue = "webhooks.callback-results";

    /// <summary>
    /// Header of a parked message: <c>not_json</c>, <c>invalid_event</c>, <c>too_large</c>, <c>schema_violation</c>,
    /// <c>poison</c>, <c>invalid_result</c> or <c>unknown_command</c>.
    /// </summary>
    public const string ParkedReasonHeader = "x-webhooks-reason";

    /// <summary>Header of a parked message: a sentence that says what was wrong.</summary>
    public const string ParkedDetailHeader = "x-webhooks-detail";

    /// <summary>Header of a parked message: the queue it came from.</summary>
    public const string ParkedQueueHeader = "x-webhooks-queue";

    /// <summary>Header of a parked message: the tenant it is about; not there when that could not be read.</summary>
    public const string ParkedTenantHeader = "x-webhooks-tenant";

    /// <summary>Header of a parked message: a UUID given when it was parked, so that it is one however often it is handed over.</summary>
    public const string ParkedIdHeader = "x-webhooks-parking-id";

    /// <summary>The queue of a shard's first attempts.</summary>
    /// <param name="shard">From 0.</param>
    public static string DeliveriesQueue(int shard) => $"webhooks.deliveries.{shard}";

    /// <summary>The queue of a shard's later attempts.</summary>
    /// <param name="shard">From 0.</param>
    public static string RetriesQueue(int shard) => $"webhooks.retries.{shard}";

    /// <summary>The fanout exchange, and the queue of the same name, in which a message waits for a delay.</summary>
    /// <param name="milliseconds">The delay, rounded up to two significant digits, at least 100.</param>
    public static string Delay(long milliseconds) => $"webhooks.delay.{milliseconds}";
}
