using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Webhooks.Local.Provisioning;

/// <summary>
/// Picks ports below the range from which the kernel serves outgoing connections. A server keeps its port over restarts;
/// inside that range any client could take the port while its server is down, the one that retries to reach it included.
/// </summary>
public static class FreePorts
{
    private const int Lowest = 15000;
    private const int UsualHighest = 32767;

    private static readonly HashSet<int> GivenOut = [];

    public static int Next()
    {
        var highest = Highest();
        lock (GivenOut)
        {
            for (var tries = 0; tries < 1000; tries++)
            {
                var port = Random.Shared.Next(Lowest, highest + 1);
                if (!GivenOut.Contains(port) && IsFree(port))
                {
                    GivenOut.Add(port);
                    return port;
                }
            }
        }

        throw new ProvisioningException($"No free TCP port was found on 127.0.0.1 between {Lowest} and {highest}.");
    }

    public static bool IsFree(int port)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int Highest()
    {
        const string range = "/proc/sys/net/ipv4/ip_local_port_range";
        var lowestOutgoing = File.Exists(range)
            ? int.Parse(File.ReadAllText(range).Split('\t', ' ')[0], CultureInfo.InvariantCulture)
            : UsualHighest + 1;
        return lowestOutgoing > Lowest + 1000 ? Math.Min(lowestOutgoing - 1, UsualHighest) : UsualHighest;
    }
}
