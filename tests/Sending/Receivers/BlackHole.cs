using System.Net;
using System.Net.Sockets;

namespace Webhooks.Sending.Receivers;

/// <summary>An address on which connecting neither succeeds nor fails: a listener that accepts nobody, its backlog full.</summary>
internal sealed class BlackHole : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Socket _listener;
    private readonly List<Socket> _waiting = [];

    private BlackHole(IPEndPoint endpoint)
    {
        _listener = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(endpoint);
        _listener.Listen(backlog: 1);
    }

    public string Url => $"http://{_listener.LocalEndPoint}/hooks";

    public static BlackHole On(string address, int port)
    {
        var hole = new BlackHole(new IPEndPoint(IPAddress.Parse(address), port));
        while (hole.StillTakesOne())
        {
        }

        return hole;
    }

    public void Dispose()
    {
        _listener.Dispose();
        _waiting.ForEach(socket => socket.Dispose());
    }

    private bool StillTakesOne()
    {
        var socket = new Socket(_listener.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _waiting.Add(socket);
        // The kernel says whether it has connected, however late a busy machine asks.
        socket.Blocking = false;
        try
        {
            socket.Connect(_listener.LocalEndPoint!);
            return true;
        }
        catch (SocketException pending) when (pending.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            return socket.Poll(Patience, SelectMode.SelectWrite);
        }
    }
}
