using System.Buffers;

namespace Webhooks.Sending.Receivers;

/// <summary>Memory that tells when it is read: what a request's body is made of when the moment of writing matters.</summary>
internal sealed class WatchedMemory(Action read) : MemoryManager<byte>
{
    private readonly byte[] _bytes = "{}"u8.ToArray();

    public override Span<byte> GetSpan()
    {
        read();
        return _bytes;
    }

    public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

    public override void Unpin() => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
    }
}
