using System.Net.Sockets;

namespace Webhooks.TestKit.Faults;

/// <summary>A client's connection to a relay, and the relay's own to the server.</summary>
internal sealed class RelayedConnection(TcpClient near) : IDisposable
{
    private volatile bool _hasLost;

    public TcpClient Near => near;

    public TcpClient Far { get; } = new();

    /// <summary>Bytes of the server are missing, so that nothing may follow them.</summary>
    public bool HasLost
    {
        get => _hasLost;
        set => _hasLost = value;
    }

    /// <summary>Ends both with a reset instead of an orderly close.</summary>
    public void Reset()
    {
        try
        {
            foreach (var end in new[] { near, Far })
            {
                // A time of nothing to linger makes the close a reset; by the socket itself, for a TcpClient says goodbye first.
                end.LingerState = new LingerOption(enable: true, seconds: 0);
                end.Client.Dispose();
            }
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException or NullReferenceException)
        {
            // It has ended by itself meanwhile; TcpClient forgets its socket then.
        }

        Dispose();
    }

    public void Dispose()
    {
        near.Dispose();
        Far.Dispose();
    }
}
