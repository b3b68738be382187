using System.Net;
using System.Net.Sockets;

namespace Webhooks.Sending.Addresses;

/// <summary>
/// Knows which addresses are not a receiver's on the public internet: the IANA special-purpose registries of both
/// families, multicast, and the clouds' metadata services.
/// </summary>
internal static class SpecialPurposeAddresses
{
    private static readonly IPNetwork[] V4 =
    [
        IPNetwork.Parse("0.0.0.0/8"),        // this network
        IPNetwork.Parse("10.0.0.0/8"),       // private
        IPNetwork.Parse("100.64.0.0/10"),    // carrier NAT; Alibaba's metadata at 100.100.100.200
        IPNetwork.Parse("127.0.0.0/8"),      // loopback
        IPNetwork.Parse("168.63.129.16/32"), // Azure's WireServer, a public address that answers inside
        IPNetwork.Parse("169.254.0.0/16"),   // link-local; metadata at 169.254.169.254
        IPNetwork.Parse("172.16.0.0/12"),    // private
        IPNetwork.Parse("192.0.0.0/24"),     // protocol assignments; Oracle's metadata at 192.0.0.192
        IPNetwork.Parse("192.0.2.0/24"),     // documentation
        IPNetwork.Parse("192.31.196.0/24"),  // AS112
        IPNetwork.Parse("192.52.193.0/24"),  // AMT
        IPNetwork.Parse("192.88.99.0/24"),   // 6to4 relays, deprecated
        IPNetwork.Parse("192.168.0.0/16"),   // private
        IPNetwork.Parse("192.175.48.0/24"),  // AS112
        IPNetwork.Parse("198.18.0.0/15"),    // benchmarking
        IPNetwork.Parse("198.51.100.0/24"),  // documentation
        IPNetwork.Parse("203.0.113.0/24"),   // documentation
        IPNetwork.Parse("224.0.0.0/4"),      // multicast
        IPNetwork.Parse("240.0.0.0/4"),      // reserved, broadcast
    ];

    // Refused unless inside: loopback, ULA (AWS's metadata fd00:ec2::254), link- and site-local, multicast, discard,
    // SRv6, v4-compatible, SIIT and local NAT64 (64:ff9b:1::/48) all lie outside.
    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork[] V6 =
    [
        IPNetwork.Parse("2001::/23"),         // Teredo, benchmarking, ORCHID and other protocol assignments
        IPNetwork.Parse("2001:db8::/32"),     // documentation
        IPNetwork.Parse("2620:4f:8000::/48"), // AS112
        IPNetwork.Parse("3fff::/20"),         // documentation
    ];

    // Both carry an IPv4 address that decides. Refusing them outright would shut out every v4-only receiver where
    // the network is IPv6 with NAT64; taking them as they stand would let 64:ff9b::7f00:1 reach 127.0.0.1.
    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");

    public static bool Contain(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return IsInOne(V4, address);
        }

        Span<byte> bytes = stackalloc byte[16];
        if (!address.TryWriteBytes(bytes, out var written) || written != 16)
        {
            return true;
        }

        if (Nat64.Contains(address))
        {
            return IsInOne(V4, new IPAddress(bytes[12..16]));
        }

        if (SixToFour.Contains(address))
        {
            return IsInOne(V4, new IPAddress(bytes[2..6]));
        }

        return !GlobalUnicast.Contains(address) || IsInOne(V6, address);
    }

    private static bool IsInOne(IPNetwork[] networks, IPAddress address)
    {
        foreach (var network in networks)
        {
            if (network.Contains(address))
            {
                return true;
            }
        }

        return false;
    }
}
