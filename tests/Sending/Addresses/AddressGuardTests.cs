using System.Net;

namespace Webhooks.Sending.Addresses;

public sealed class AddressGuardTests
{
    [Theory]
    [InlineData("127.0.0.0/8", "127.0.0.1", true)]
    [InlineData("127.0.0.0/8", "::ffff:127.0.0.1", true)]
    [InlineData("127.0.0.0/8", "::1", false)]
    [InlineData("127.0.0.0/8", "10.0.0.1", false)]
    [InlineData("127.0.0.0/8", "64:ff9b::7f00:1", false)] // another host's loopback, past the NAT64
    [InlineData("10.1.2.3", "10.1.2.3", true)]
    [InlineData("10.1.2.3", "10.1.2.4", false)]
    [InlineData("10.1.2.3/8", "10.9.9.9", true)]
    [InlineData("::1/128", "::1", true)]
    [InlineData("fd00:12::/64", "fd00:12::7", true)]
    [InlineData("fd00:12::/64", "fd00:13::7", false)]
    [InlineData("10.0.0.0/8,192.168.0.0/16", "192.168.7.7", true)]
    [InlineData("  10.0.0.0/8 ,\t192.168.0.0/16\n", "192.168.7.7", true)]
    [InlineData("", "192.168.7.7", false)]
    [InlineData("", "8.8.8.8", true)]
    [InlineData("10.0.0.0/8", "8.8.8.8", true)]
    public void The_allow_list_exempts_what_it_names_and_nothing_else(string list, string address, bool allowed)
    {
        var guard = AddressGuard.Parse(list, out _);

        Assert.Equal(allowed, guard!.Allows(IPAddress.Parse(address)));
    }

    [Theory]
    [InlineData("loopback", "loopback")]
    [InlineData("10.0.0.0/8 10.0.0.0/33", "10.0.0.0/33")]
    [InlineData("10.0.0.0/", "10.0.0.0/")]
    [InlineData("/8", "/8")]
    [InlineData("10.0.0.0/-1", "10.0.0.0/-1")]
    [InlineData("10.0.0/8", "10.0.0/8")]
    [InlineData("10", "10")]
    public void An_entry_that_is_no_range_is_named(string list, string entry)
    {
        Assert.Null(AddressGuard.Parse(list, out var fault));
        Assert.Equal(entry, fault);
    }
}
