using RabbitMQ.Client;
using Webhooks.Broker.Consuming.Windows;

namespace Webhooks.Broker.Consuming;

/// <summary>A message in hand, unacknowledged. Losing the connection takes it away; acknowledging is then harmless.</summary>
public sealed class ReceivedMessage
{
    private readonly ConsumerWindow _window;
    private readonly ulong _tag;
    private int _faults;

    internal ReceivedMessage(ConsumerWindow window, ulong tag, string queue, bool redelivered, IReadOnlyBasicProperties properties, byte[] body) =>
        (_window, _tag, Queue, Redelivered, Properties, Body) = (window, tag, queue, redelivered, properties, body);

    public string Queue { get; }

    /// <summary>The broker has handed this message to somebody before.</summary>
    public bool Redelivered { get; }

    public IReadOnlyBasicProperties Properties { get; }

    public byte[] Body { get; }

    /// <summary>How many times it was handed over before (quorum queues count it). What a first one says of it is its publisher's.</summary>
    public long DeliveryCount => Redelivered && Properties.Headers?.TryGetValue("x-delivery-count", out var count) == true && count is long or int
        ? Convert.ToInt64(count, System.Globalization.CultureInfo.InvariantCulture)
        : 0;

    /// <summary>How many times work on it failed, here or at those who held it before.</summary>
    public long FailureCount => DeliveryCount + _faults;

    /// <summary>Work on it has failed by a fault of our own.</summary>
    public void CountFault() => _faults++;

    /// <summary>It stands in its queue again, and comes once more: its channel is closed.</summary>
    public bool IsLost => _window.IsLost;

    /// <summary>The last thing that happens to a message.</summary>
    public void Ack() => _window.Ack(_tag);

    /// <summary>A text header, or null.</summary>
    public string? Header(string name) => Properties.Headers?.TryGetValue(name, out var value) == true
        ? value as string ?? (value is byte[] bytes ? System.Text.Encoding.UTF8.GetString(bytes) : null)
        : null;
}
