using System.Net.Sockets;

namespace Webhooks.Sending.Connections;

/// <summary>
/// A TCP connection to a receiver. Knows how many requests it has carried and, once closed, whether the receiver's
/// side ever took the last one.
/// </summary>
internal sealed class ReceiverConnection(Socket socket) : NetworkStream(socket, ownsSocket: true)
{
    private int _requests;

    /// <summary>
    /// The connection had carried a request before, and the receiver closed it without having taken this one: the
    /// close and the request crossed on the way. Known on Linux only; elsewhere never claimed.
    /// </summary>
    public bool WasStale { get; private set; }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // The request remembers the connection and not the other way round: an idle connection keeps no body alive.
        if (RequestBody.BeingWritten is { } request && !ReferenceEquals(request.Connection, this))
        {
            request.Connection = this;
            _requests++;
        }

        var write = base.WriteAsync(buffer, cancellationToken);
        return write.IsCompletedSuccessfully || _requests == 0 ? write : FinishAsync(write);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && _requests > 1)
        {
            WasStale |= TcpState.PeerLeftBeforeOurLastBytes(Socket);
        }

        base.Dispose(disposing);
    }

    // A receiver may answer (413, 401) and hang up without reading all of a body. The answer then waits to be read
    // although the write has failed; if there is none, reading says so.
    private static async ValueTask FinishAsync(ValueTask write)
    {
        try
        {
            await write;
        }
        catch (IOException hungUp) when (hungUp.InnerException is SocketException)
        {
        }
    }
}
