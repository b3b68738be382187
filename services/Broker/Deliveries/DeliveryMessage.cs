using System.Text.Json;

namespace Webhooks.Broker.Deliveries;

/// <summary>
/// A reminder to look at a delivery's row, never its content: it can be lost, repeated or late without harm. On the wire:
/// <c>{"delivery_id":"0192…","created_at":1732147200000000,"number":1,"enqueued_at":1732147200000000,"traceparent":"00-…"}</c>,
/// times in microseconds since 1970. Many of them go as one <see cref="Announcement"/>.
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
    /// <summary>
    /// It was in a message that somebody had in hand, and was taken out of that: a step that was recorded may not have been
    /// carried out, as with a message that the broker hands over again. On the wire <c>"redelivered":true</c>, or nothing.
    /// </summary>
    public bool Redelivered { get; init; }

    /// <summary>Null for anything that was not written as one.</summary>
    public static DeliveryMessage? Read(ReadOnlySpan<byte> body) => Announcement.Read(body, out _) is [var alone] ? alone : null;

    public byte[] ToBytes() => Announcement.Write([this]);

    internal void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteString("delivery_id"u8, DeliveryId);
        json.WriteNumber("created_at"u8, ToMicroseconds(CreatedAt));
        json.WriteNumber("number"u8, Number);
        json.WriteNumber("enqueued_at"u8, ToMicroseconds(EnqueuedAt));
        if (Traceparent is not null)
        {
            json.WriteString("traceparent"u8, Traceparent);
        }

        if (Redelivered)
        {
            json.WriteBoolean("redelivered"u8, value: true);
        }
    }

    /// <summary>Reads from the first token of an object to its last. Null: it lacks something. Throws what the reader throws.</summary>
    /// <param name="json">At the first token.</param>
    /// <param name="more">Gets what is announced beside it; null: nothing is.</param>
    internal static DeliveryMessage? ReadObject(ref Utf8JsonReader json, List<DeliveryMessage>? more)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        Guid? deliveryId = null;
        long? createdAt = null, enqueuedAt = null;
        int? number = null;
        string? traceparent = null;
        var redelivered = false;
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
            else if (json.ValueTextEquals("redelivered"u8))
            {
                json.Read();
                redelivered = json.GetBoolean();
            }
            else if (more is not null && json.ValueTextEquals("more"u8))
            {
                json.Read();
                Announcement.ReadMore(ref json, more);
            }
            else
            {
                // A newer version's member.
                json.Skip();
            }
        }

        return deliveryId is { } id && createdAt is { } created && number is >= 1 and var attempt
            ? new DeliveryMessage(id, FromMicroseconds(created), attempt, FromMicroseconds(enqueuedAt ?? created), traceparent) { Redelivered = redelivered }
            : null;
    }

    private static long ToMicroseconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    private static DateTimeOffset FromMicroseconds(long microseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks(checked(microseconds * TimeSpan.TicksPerMicrosecond));
}
