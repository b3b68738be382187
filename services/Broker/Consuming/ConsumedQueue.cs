namespace Webhooks.Broker.Consuming;

/// <summary>A queue and how it is consumed.</summary>
/// <param name="Name">Whose messages are wanted.</param>
/// <param name="Prefetch">How many messages may be in hand, in the window that each channel begins with, and what follows a pause, unless somebody asks for another one. In order: the same for all who consume the queue.</param>
/// <param name="InOrder">
/// The queue has a single active consumer, and whoever follows us has to start with the oldest message that is not
/// acknowledged (decision 0022).
/// </param>
public readonly record struct ConsumedQueue(string Name, ushort Prefetch, bool InOrder = false);
