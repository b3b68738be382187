using System.Text.Json;
using RabbitMQ.Client;
using Webhooks.Broker.Publishing;
using Webhooks.Contracts;

namespace Webhooks.Publisher.Notices;

/// <summary>Makes the message that tells a notice on the bus: plain JSON for anyone, with the headers that MassTransit looks for.</summary>
internal static class NotificationMessage
{
    private const string MessageTypesHeader = "MT-MessageType";
    private const string TraceHeader = "traceparent";
    private const string MassTransitTraceHeader = "MT-Activity-Id";

    public static OutgoingMessage Of(StoredNotice told)
    {
        var notice = told.Notice;
        var headers = new Dictionary<string, object?>(StringComparer.Ordinal) { [MessageTypesHeader] = MessageTypes(notice.Type) };
        if (notice.Traceparent is { } traceparent)
        {
            headers[TraceHeader] = traceparent;
            headers[MassTransitTraceHeader] = traceparent;
        }

        return new OutgoingMessage(BrokerNames.NotificationsExchange, notice.Type, Body(told))
        {
            // Whoever wants to hear of it has bound a queue.
            IsMandatory = false,
            Properties = new BasicProperties
            {
                ContentType = "application/json",
                MessageId = notice.Id,
                Type = notice.Type,
                Timestamp = new AmqpTimestamp(notice.OccurredAt.ToUnixTimeSeconds()),
                Headers = headers,
            },
        };
    }

    private static byte[] Body(StoredNotice told)
    {
        var buffer = new MemoryStream(256 + told.Notice.Data.Length);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("id"u8, told.Notice.Id);
            json.WriteString("type"u8, told.Notice.Type);
            json.WriteString("timestamp"u8, told.Timestamp);
            json.WriteString("tenant_id"u8, told.Notice.TenantId);
            json.WritePropertyName("data"u8);
            json.WriteRawValue(told.Notice.Data, skipInputValidation: true);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    // The record of this type (delivery.exhausted is DeliveryExhausted) and the one of any type: a consumer takes either.
    private static string MessageTypes(string type)
    {
        var record = string.Concat(type.Split('.', '_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
        return $"{UrnOf(record)};{UrnOf(nameof(Notification))}";
    }

    private static string UrnOf(string record) => $"urn:message:{typeof(Notification).Namespace}:{record}";
}
