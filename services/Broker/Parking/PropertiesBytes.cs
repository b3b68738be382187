using RabbitMQ.Client;

namespace Webhooks.Broker.Parking;

/// <summary>A message's properties as bytes, in AMQP's own encoding: nothing of them is lost or turned into something alike.</summary>
public static class PropertiesBytes
{
    public static byte[] Write(IReadOnlyBasicProperties properties)
    {
        var writeable = properties as BasicProperties ?? new BasicProperties(properties);
        var bytes = new byte[((IAmqpWriteable)writeable).GetRequiredBufferSize()];
        var length = ((IAmqpWriteable)writeable).WriteTo(bytes);
        return bytes[..length];
    }

    public static BasicProperties Read(byte[] bytes) => new(new ReadOnlyBasicProperties(bytes));
}
