using System.Net;

namespace Webhooks.Sending.Addresses;

/// <summary>Decides whether an address may be called: the allow list first, then never a special-purpose one.</summary>
internal sealed class AddressGuard(IReadOnlyList<IPNetwork> allowed)
{
    private static readonly char[] Separators = [' ', ',', ';', '\t', '\r', '\n'];

    public bool Allows(IPAddress address)
    {
        // "127.0.0.0/8" in the list also means "::ffff:127.0.0.1", the same address in another spelling.
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        foreach (var network in allowed)
        {
            if (network.Contains(plain))
            {
                return true;
            }
        }

        return !SpecialPurposeAddresses.Contain(plain);
    }

    /// <summary>Reads a list of CIDR ranges and single addresses; <paramref name="fault"/> is the first that is neither.</summary>
    public static AddressGuard? Parse(string list, out string? fault)
    {
        var networks = new List<IPNetwork>();
        foreach (var entry in list.Split(Separators, StringSplitOptions.RemoveEmptyEntries))
        {
            if (IsWrittenOut(entry) && IPNetwork.TryParse(entry, out var network))
            {
                networks.Add(network);
            }
            else if (IsWrittenOut(entry) && IPAddress.TryParse(entry, out var address))
            {
                networks.Add(new IPNetwork(address, address.GetAddressBytes().Length * 8));
            }
            else
            {
                fault = entry;
                return null;
            }
        }

        fault = null;
        return new AddressGuard(networks);
    }

    // The parser takes "10" for 0.0.0.10, which nobody means.
    private static bool IsWrittenOut(string entry) => entry.Contains(':') || entry.AsSpan().Count('.') == 3;
}
