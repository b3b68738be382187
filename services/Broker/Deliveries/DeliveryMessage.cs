using System.Buffers;
using System.Text.Json;

namespace Webhooks.Broker.Deliveries;

/// <summary>
/// A reminder to look at a delivery's row, never its content: it can be lost, repeated or late without harm. On the wire:
/// <c>{"delivery_id":"0192…","created_at":1732147200000000,"number":1,"enqueued_at":1732147200000000,"traceparent":"00-…"}</c>,
/// times in microseconds since 1970.
/// </summary>
/// <param name="DeliveryId">With <paramref name="CreatedAt"/>, the row's key.</param>
/// <param name="CreatedAt">When the event was accepted, in whole microseconds; names the row's partition.</param>
/// <param name="Number">Which attempt this announces, from 1.</param>
/// <param name="EnqueuedAt">
/// When this message comes to where dispatchers take it: when it was published; of one that goes through a delay queue,
/// when its attempt is due, as the row has it.
/// </param>
/// <param name="Traceparent">The event's W3C trace context.</param>
public sealed record DeliveryMessage(
    Guid DeliveryId, DateTimeOffset CreatedAt, int Number, DateTimeOffset EnqueuedAt, string? Traceparent)
{
    public byte[] ToBytes()
    {
        var buffer = new ArrayBufferWriter<byte>(192);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("delivery_id"u8, DeliveryId);
            json.WriteNumber("created_at"u8, ToMicroseconds(CreatedAt));
            json.WriteNumber("number"u8, Number);
            json.WriteNumber("enqueued_at"u8, ToMicroseconds(EnqueuedAt));
            if (Traceparent is not null)
            {
                json.WriteString("traceparent"u8, Traceparent);
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Null for anything that <see cref="ToBytes"/> did not write.</summary>
    public static DeliveryMessage? Read(ReadOnlySpan<byte> body)
    {
        try
        {
            return ReadJson(body);
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException or FormatException or ArgumentOutOfRangeException or OverflowException)
        {
            return null;
        }
    }

    private static DeliveryMessage? ReadJson(ReadOnlySpan<byte> body)
    {
        Guid? deliveryId = null;
        long? createdAt = null, enqueuedAt = null;
        int? number = null;
        string? traceparent = null;

        var json = new Utf8JsonReader(body);
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("delivery_id"u8))
            {
                json.Read();
                deliveryId = json.GetGuid();
            }
            else if (json.ValueTextEquals("created_at"u8))
            {
                json.Read();
                createdAt = json.GetInt64();
            }
            else if (json.ValueTextEquals("number"u8))
            {
                json.Read();
                number = json.GetInt32();
            }
            else if (json.ValueTextEquals("enqueued_at"u8))
            {
                json.Read();
                enqueuedAt = json.GetInt64();
            }
            else if (json.ValueTextEquals("traceparent"u8))
            {
                json.Read();
                traceparent = json.GetString();
            }
            else
            {
                // A newer version's member.
                json.Skip();
            }
        }

        return deliveryId is { } id && createdAt is { } created && number is >= 1 and var attempt
            ? new DeliveryMessage(id, FromMicroseconds(created), attempt, FromMicroseconds(enqueuedAt ?? created), traceparent)
            : null;
    }

    private static long ToMicroseconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    private static DateTimeOffset FromMicroseconds(long microseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks(checked(microseconds * TimeSpan.TicksPerMicrosecond));
}
