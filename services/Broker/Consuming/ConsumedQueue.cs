namespace Webhooks.Broker.Consuming;

/// <summary>A queue and how it is consumed.</summary>
/// <param name="Name">Whose messages are wanted.</param>
/// <param name="Prefetch">
/// How many messages the broker may hand over before an ack: of each new channel, and after a pause, unless
/// <see cref="QueueConsumer.FirstWindow"/> says otherwise. In order, all consumers of the queue must have the same.
/// </param>
/// <param name="InOrder">
/// The queue has a single active consumer, and whoever follows us has to start with the oldest message that is not
/// acknowledged (decision 0022).
/// </param>
/// <param name="IsBeside">The service does its work without it, too: readiness does not ask for it.</param>
public readonly record struct ConsumedQueue(string Name, ushort Prefetch, bool InOrder = false, bool IsBeside = false);
