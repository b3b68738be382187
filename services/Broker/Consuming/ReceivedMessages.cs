using System.Threading.Channels;

namespace Webhooks.Broker.Consuming;

/// <summary>What a consumer was handed, from whatever channel, in order, until it is read; and how much that was in all.</summary>
internal sealed class ReceivedMessages
{
    private readonly Channel<ReceivedMessage> _waiting = Channel.CreateUnbounded<ReceivedMessage>(new UnboundedChannelOptions { SingleReader = true });
    private long _count;

    /// <summary>How many messages were ever handed over.</summary>
    public long Count => Interlocked.Read(ref _count);

    public ChannelReader<ReceivedMessage> Reader => _waiting.Reader;

    /// <summary>The broker has handed over another one. Counted first: who reads it must find it counted.</summary>
    public void CountOne() => Interlocked.Increment(ref _count);

    /// <summary>Puts a message behind those that wait.</summary>
    public void Add(ReceivedMessage message) => _waiting.Writer.TryWrite(message);

    /// <summary>None comes any more.</summary>
    public void Complete() => _waiting.Writer.TryComplete();
}
