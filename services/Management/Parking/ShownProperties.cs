using System.Collections;
using System.Globalization;
using System.Text.Json.Nodes;
using RabbitMQ.Client;

namespace Webhooks.Management.Parking;

/// <summary>A message's properties and headers as JSON, for people: what JSON has no kind for becomes text.</summary>
internal static class ShownProperties
{
    // Tables may stand in tables; deeper ones are nobody's honest header.
    private const int Deepest = 8;

    public static JsonObject Of(IReadOnlyBasicProperties properties)
    {
        var shown = new JsonObject();
        Add("message_id", properties.IsMessageIdPresent(), properties.MessageId);
        Add("correlation_id", properties.IsCorrelationIdPresent(), properties.CorrelationId);
        Add("type", properties.IsTypePresent(), properties.Type);
        Add("app_id", properties.IsAppIdPresent(), properties.AppId);
        Add("content_type", properties.IsContentTypePresent(), properties.ContentType);
        Add("content_encoding", properties.IsContentEncodingPresent(), properties.ContentEncoding);
        Add("reply_to", properties.IsReplyToPresent(), properties.ReplyTo);
        Add("priority", properties.IsPriorityPresent(), properties.Priority);
        Add("timestamp", properties.IsTimestampPresent(), properties.Timestamp.UnixTime);
        Add("delivery_mode", properties.IsDeliveryModePresent(), (int)properties.DeliveryMode);
        shown["headers"] = Shown(properties.Headers ?? new Dictionary<string, object?>(StringComparer.Ordinal), depth: 0);
        return shown;

        void Add(string name, bool isPresent, object? value)
        {
            if (isPresent)
            {
                shown[name] = Shown(value, depth: 0);
            }
        }
    }

    private static JsonNode? Shown(object? value, int depth) => value switch
    {
        null => null,
        bool flag => JsonValue.Create(flag),
        byte or sbyte or short or ushort or int or uint or long => JsonValue.Create(Convert.ToInt64(value, CultureInfo.InvariantCulture)),
        string text => JsonValue.Create(text),
        byte[] bytes => JsonValue.Create(ShownBody.Of(bytes, isCut: false).Text),
        BinaryTableValue binary => JsonValue.Create(Convert.ToBase64String(binary.Bytes)),
        AmqpTimestamp time => JsonValue.Create(time.UnixTime),
        IDictionary<string, object?> table when depth < Deepest => Table(table, depth + 1),
        IList list when depth < Deepest => new JsonArray([.. list.Cast<object?>().Select(item => Shown(item, depth + 1))]),
        _ => JsonValue.Create(Convert.ToString(value, CultureInfo.InvariantCulture)),
    };

    private static JsonObject Table(IDictionary<string, object?> table, int depth)
    {
        var shown = new JsonObject();
        foreach (var (name, value) in table)
        {
            shown[name] = Shown(value, depth);
        }

        return shown;
    }
}
