using System.Buffers.Binary;
using System.Net.Sockets;

namespace Webhooks.Sending.Connections;

/// <summary>Reads from Linux what became of the bytes last written to a connection that the peer has closed.</summary>
internal static class TcpState
{
    // Linux: IPPROTO_TCP, TCP_INFO, and the places in struct tcp_info of tcpi_state and tcpi_unacked.
    private const int TcpLevel = 6;
    private const int TcpInfo = 11;
    private const int StateOffset = 0;
    private const int UnacknowledgedOffset = 24;
    private const int InfoLength = 104;
    private const byte Closed = 7;
    private const byte CloseWait = 8;

    /// <summary>
    /// The peer said goodbye before our last bytes came. It either answered them with a reset, which ends the state
    /// that a goodbye leaves (Closed), or has not acknowledged them (CloseWait). An application that read a request
    /// and hung up has had it acknowledged first.
    /// </summary>
    public static bool PeerLeftBeforeOurLastBytes(Socket socket)
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        Span<byte> info = stackalloc byte[InfoLength];
        try
        {
            if (socket.GetRawSocketOption(TcpLevel, TcpInfo, info) < UnacknowledgedOffset + sizeof(uint))
            {
                return false;
            }
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            return false;
        }

        return info[StateOffset] switch
        {
            Closed => true,
            CloseWait => BinaryPrimitives.ReadUInt32LittleEndian(info[UnacknowledgedOffset..]) > 0,
            _ => false,
        };
    }
}
