using System.Buffers;
using System.Text.Json;
using Webhooks.Broker.Publishing;

namespace Webhooks.Broker.Deliveries;

/// <summary>
/// One message that announces deliveries of a shard: most of what a delivery costs the broker it costs by the message. On the
/// wire the first of them, as a <see cref="DeliveryMessage"/> alone, with the others beside it:
/// <c>{"delivery_id":"0192…",…,"more":[{"delivery_id":"0192…",…},…]}</c>. So a dispatcher that knows of no others sends the
/// first and passes the rest over; they are then found to be owed.
/// </summary>
public static class Announcement
{
    /// <summary>More in one gain hardly anything, and hold more back when their dispatcher dies.</summary>
    public const int MostTogether = 16;

    /// <summary>More than is written, so that a newer version may write more; and few enough that nobody can fill a dispatcher with one message.</summary>
    public const int MostRead = 100;

    private const string NotOne = "This is not a delivery message: only the publisher and the dispatcher write to this queue.";
    private static readonly string TooMany = $"This is not a delivery message: it announces more than {MostRead} deliveries.";

    /// <summary>The messages that announce deliveries, as few as may be. Those of one routing key stay in order.</summary>
    public static IEnumerable<OutgoingMessage> Of(string exchange, IEnumerable<(string RoutingKey, DeliveryMessage Delivery)> deliveries) =>
        deliveries
            .GroupBy(delivery => delivery.RoutingKey, delivery => delivery.Delivery, StringComparer.Ordinal)
            .SelectMany(shard => shard.Chunk(MostTogether), (shard, together) => new OutgoingMessage(exchange, shard.Key, Write(together)));

    /// <param name="deliveries">At least one.</param>
    public static byte[] Write(IReadOnlyList<DeliveryMessage> deliveries)
    {
        ArgumentNullException.ThrowIfNull(deliveries);
        var buffer = new ArrayBufferWriter<byte>(192 * deliveries.Count);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            deliveries[0].WriteMembers(json);
            if (deliveries.Count > 1)
            {
                json.WriteStartArray("more"u8);
                foreach (var delivery in deliveries.Skip(1))
                {
                    json.WriteStartObject();
                    delivery.WriteMembers(json);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>What a message announces, in order. Null for anything that <see cref="Write"/> did not write; the fault is then a sentence.</summary>
    public static IReadOnlyList<DeliveryMessage>? Read(ReadOnlySpan<byte> body, out string fault)
    {
        var deliveries = new List<DeliveryMessage>(1);
        try
        {
            var json = new Utf8JsonReader(body);
            if (json.Read() && DeliveryMessage.ReadObject(ref json, deliveries) is { } first)
            {
                fault = "";
                deliveries.Insert(0, first);
                return deliveries;
            }
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException or FormatException or ArgumentOutOfRangeException or OverflowException)
        {
            // All or nothing: one that was passed over would be lost without a word.
        }

        fault = deliveries.Count < MostRead ? NotOne : TooMany;
        return null;
    }

    internal static void ReadMore(ref Utf8JsonReader json, List<DeliveryMessage> more)
    {
        if (json.TokenType != JsonTokenType.StartArray)
        {
            throw new FormatException();
        }

        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            more.Add(DeliveryMessage.ReadObject(ref json, more: null) ?? throw new FormatException());
            if (more.Count == MostRead)
            {
                throw new FormatException();
            }
        }
    }
}
