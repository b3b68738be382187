using System.Net;
using System.Net.Http.Headers;
using Webhooks.Subscriptions.Rendering;

namespace Webhooks.Sending.Connections;

/// <summary>The body of one request, and the trace of which connection it went over.</summary>
internal sealed class RequestBody : HttpContent
{
    [ThreadStatic]
    private static RequestBody? t_beingWritten;

    private readonly ReadOnlyMemory<byte> _bytes;

    public RequestBody(ReadOnlyMemory<byte> bytes)
    {
        _bytes = bytes;
        Headers.TryAddWithoutValidation("Content-Type", WebhookRequest.ContentType);
    }

    /// <summary>The request whose first bytes are going to the wire on this thread, right now.</summary>
    public static RequestBody? BeingWritten => t_beingWritten;

    /// <summary>Null until the first byte has gone to a socket.</summary>
    public ReceiverConnection? Connection { get; set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    // The HTTP stack does not say which connection a request took. But it calls down to the socket synchronously,
    // through TLS too, so whatever connection is written to from in here is ours. Hence the flush: the head and a
    // small body would otherwise stay in the stack's buffer until after this method.
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        t_beingWritten = this;
        try
        {
            var write = stream.WriteAsync(_bytes, cancellationToken);
            return write.IsCompletedSuccessfully ? stream.FlushAsync(cancellationToken) : write.AsTask();
        }
        finally
        {
            t_beingWritten = null;
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _bytes.Length;
        return true;
    }
}
