using System.Net;

namespace Webhooks.Sending.Addresses;

public sealed class SpecialPurposeAddressesTests
{
    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("0.255.255.255")]
    [InlineData("10.0.0.0")]
    [InlineData("10.255.255.255")]
    [InlineData("100.64.0.0")]
    [InlineData("100.100.100.200")] // Alibaba's metadata
    [InlineData("100.127.255.255")]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.255")]
    [InlineData("168.63.129.16")] // Azure's WireServer
    [InlineData("169.254.0.0")]
    [InlineData("169.254.169.254")] // metadata
    [InlineData("169.254.170.2")] // ECS credentials
    [InlineData("169.254.255.255")]
    [InlineData("172.16.0.0")]
    [InlineData("172.31.255.255")]
    [InlineData("192.0.0.0")]
    [InlineData("192.0.0.8")]
    [InlineData("192.0.0.192")] // Oracle's metadata
    [InlineData("192.0.0.255")]
    [InlineData("192.0.2.0")]
    [InlineData("192.0.2.255")]
    [InlineData("192.31.196.1")]
    [InlineData("192.52.193.1")]
    [InlineData("192.88.99.1")]
    [InlineData("192.168.0.0")]
    [InlineData("192.168.255.255")]
    [InlineData("192.175.48.1")]
    [InlineData("198.18.0.0")]
    [InlineData("198.19.255.255")]
    [InlineData("198.51.100.7")]
    [InlineData("203.0.113.7")]
    [InlineData("224.0.0.0")]
    [InlineData("239.255.255.255")]
    [InlineData("240.0.0.0")]
    [InlineData("255.255.255.255")]
    public void IPv4_ranges_are_known_from_edge_to_edge(string address) => AssertSpecial(address);

    [Theory]
    [InlineData("1.0.0.0")]
    [InlineData("9.255.255.255")]
    [InlineData("11.0.0.0")]
    [InlineData("100.63.255.255")]
    [InlineData("100.128.0.0")]
    [InlineData("126.255.255.255")]
    [InlineData("128.0.0.0")]
    [InlineData("168.63.129.15")]
    [InlineData("168.63.129.17")]
    [InlineData("169.253.255.255")]
    [InlineData("169.255.0.0")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.0")]
    [InlineData("192.0.1.0")]
    [InlineData("192.0.3.0")]
    [InlineData("192.167.255.255")]
    [InlineData("192.169.0.0")]
    [InlineData("198.17.255.255")]
    [InlineData("198.20.0.0")]
    [InlineData("223.255.255.255")]
    [InlineData("8.8.8.8")]
    public void IPv4_neighbours_of_the_ranges_are_public(string address) => AssertPublic(address);

    [Theory]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::7f00:1")] // v4-compatible, deprecated
    [InlineData("::8.8.8.8")]
    [InlineData("::ffff:0:127.0.0.1")] // SIIT
    [InlineData("64:ff9b:1::1")] // local NAT64
    [InlineData("100::1")]
    [InlineData("100:0:0:1::1")]
    [InlineData("2001::")] // Teredo
    [InlineData("2001:0:53aa:64c:0:7c6f:80ff:fffe")]
    [InlineData("2001:2::1")]
    [InlineData("2001:20::1")]
    [InlineData("2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff")]
    [InlineData("2001:db8::1")]
    [InlineData("2620:4f:8000::1")]
    [InlineData("3fff::1")]
    [InlineData("3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff")]
    [InlineData("5f00::1")]
    [InlineData("fc00::1")]
    [InlineData("fd00:ec2::254")] // AWS's metadata
    [InlineData("fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    [InlineData("fe80::1")]
    [InlineData("fe80::1%2")]
    [InlineData("fec0::1")]
    [InlineData("ff02::1")]
    [InlineData("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    [InlineData("1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    [InlineData("4000::1")]
    public void IPv6_outside_the_public_range_or_reserved_in_it_is_special(string address) => AssertSpecial(address);

    [Theory]
    [InlineData("2000::1")]
    [InlineData("2001:200::1")]
    [InlineData("2001:4860:4860::8888")]
    [InlineData("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff")]
    [InlineData("2001:db9::1")]
    [InlineData("2606:4700::1111")]
    [InlineData("2620:4f:7fff::1")]
    [InlineData("2620:4f:8001::1")]
    [InlineData("3ffe:ffff::1")]
    public void IPv6_neighbours_are_public(string address) => AssertPublic(address);

    [Theory]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:a01:101")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("64:ff9b::192.168.1.1")]
    [InlineData("2002:7f00:1::1")]
    [InlineData("2002:a9fe:a9fe::1")]
    [InlineData("2002:c0a8:101:8::1")]
    public void An_embedded_IPv4_address_is_judged_as_itself(string address) => AssertSpecial(address);

    [Theory]
    [InlineData("::ffff:8.8.8.8")]
    [InlineData("64:ff9b::8.8.8.8")]
    [InlineData("2002:808:808::1")]
    public void A_public_address_stays_public_when_embedded(string address) => AssertPublic(address);

    private static void AssertSpecial(string address) => Assert.True(SpecialPurposeAddresses.Contain(IPAddress.Parse(address)), address);

    private static void AssertPublic(string address) => Assert.False(SpecialPurposeAddresses.Contain(IPAddress.Parse(address)), address);
}
