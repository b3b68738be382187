using RabbitMQ.Client;

namespace Webhooks.TestKit;

/// <summary>
/// A message's properties as any client may write them, byte by byte: short strings that are not UTF-8, header values that ours
/// cannot read. The client writes them as they are, and asks for nothing else of them but whether there are headers.
/// </summary>
/// <param name="written">The flags, and what they say is there.</param>
public sealed class RawProperties(byte[] written) : IReadOnlyBasicProperties, IAmqpHeader
{
    /// <summary>A message id of such bytes, and nothing else.</summary>
    public static RawProperties OfMessageId(byte[] id) => new([0x00, 0x80, (byte)id.Length, .. id]);

    /// <summary>One header, and nothing else.</summary>
    /// <param name="name">Its bytes.</param>
    /// <param name="value">Its kind, a letter, and what belongs to it.</param>
    public static RawProperties OfHeader(byte[] name, byte[] value)
    {
        var length = 1 + name.Length + value.Length;
        return new([0x20, 0x00, (byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length, (byte)name.Length, .. name, .. value]);
    }

    /// <summary>A header with a decimal of thirty places: AMQP has them, and .NET has 28 at most.</summary>
    public static RawProperties OfUnreadableHeader() => OfHeader("price"u8.ToArray(), [(byte)'D', 30, 0, 0, 0, 1]);

    /// <summary>A header of lists within lists, or of tables within tables.</summary>
    /// <param name="levels">How deep. Lists take five bytes each, tables six, and all of them stand in one frame.</param>
    /// <param name="ofTables">Tables, whose members have no names.</param>
    public static RawProperties OfNestedHeader(int levels, bool ofTables)
    {
        byte[] innermost = [(byte)'t', 1];
        byte[] name = ofTables ? [0] : [];
        var header = new List<byte>();
        for (var left = levels - 1; left >= 0; left--)
        {
            var length = (left * (5 + name.Length)) + name.Length + innermost.Length;
            header.AddRange([(byte)(ofTables ? 'F' : 'A'), (byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length, .. name]);
        }

        return OfHeader("deep"u8.ToArray(), [.. header, .. innermost]);
    }

    ushort IAmqpHeader.ProtocolClassId => 60;

    int IAmqpWriteable.GetRequiredBufferSize() => written.Length;

    int IAmqpWriteable.WriteTo(Span<byte> span)
    {
        written.CopyTo(span);
        return written.Length;
    }

    string? IReadOnlyBasicProperties.AppId => null;

    string? IReadOnlyBasicProperties.ClusterId => null;

    string? IReadOnlyBasicProperties.ContentEncoding => null;

    string? IReadOnlyBasicProperties.ContentType => null;

    string? IReadOnlyBasicProperties.CorrelationId => null;

    DeliveryModes IReadOnlyBasicProperties.DeliveryMode => default;

    string? IReadOnlyBasicProperties.Expiration => null;

    IDictionary<string, object?>? IReadOnlyBasicProperties.Headers => null;

    string? IReadOnlyBasicProperties.MessageId => null;

    bool IReadOnlyBasicProperties.Persistent => false;

    byte IReadOnlyBasicProperties.Priority => 0;

    string? IReadOnlyBasicProperties.ReplyTo => null;

    PublicationAddress? IReadOnlyBasicProperties.ReplyToAddress => null;

    AmqpTimestamp IReadOnlyBasicProperties.Timestamp => default;

    string? IReadOnlyBasicProperties.Type => null;

    string? IReadOnlyBasicProperties.UserId => null;

    bool IReadOnlyBasicProperties.IsAppIdPresent() => false;

    bool IReadOnlyBasicProperties.IsClusterIdPresent() => false;

    bool IReadOnlyBasicProperties.IsContentEncodingPresent() => false;

    bool IReadOnlyBasicProperties.IsContentTypePresent() => false;

    bool IReadOnlyBasicProperties.IsCorrelationIdPresent() => false;

    bool IReadOnlyBasicProperties.IsDeliveryModePresent() => false;

    bool IReadOnlyBasicProperties.IsExpirationPresent() => false;

    bool IReadOnlyBasicProperties.IsHeadersPresent() => false;

    bool IReadOnlyBasicProperties.IsMessageIdPresent() => false;

    bool IReadOnlyBasicProperties.IsPriorityPresent() => false;

    bool IReadOnlyBasicProperties.IsReplyToPresent() => false;

    bool IReadOnlyBasicProperties.IsTimestampPresent() => false;

    bool IReadOnlyBasicProperties.IsTypePresent() => false;

    bool IReadOnlyBasicProperties.IsUserIdPresent() => false;
}
