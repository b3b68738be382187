using System.Net;
using System.Net.Sockets;

namespace Webhooks.Sending.Connections;

/// <summary>Binds a socket to the address that sends leave from, without spending a local port for good.</summary>
internal static class LocalAddress
{
    // Linux: IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT.
    private const int IpLevel = 0;
    private const int BindAddressNoPort = 24;

    public static void Bind(Socket socket, IPAddress source)
    {
        if (OperatingSystem.IsLinux())
        {
            // The port is chosen at connect time, when it may be shared with connections to other receivers;
            // otherwise 28,000 connections, to whomever, are all there can be.
            Span<byte> on = [1, 0, 0, 0];
            socket.SetRawSocketOption(IpLevel, BindAddressNoPort, on);
        }

        socket.Bind(new IPEndPoint(source, 0));
    }
}
