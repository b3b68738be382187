using System.Net;
using System.Net.Sockets;

namespace Webhooks.Sending.Connections;

public sealed class NameLookupsTests
{
    [Fact]
    public async Task A_name_is_looked_up_anew_each_time()
    {
        using var lookups = new NameLookups();

        for (var i = 0; i < 3; i++)
        {
            Assert.All(await lookups.LookUpAsync("localhost"), address => Assert.True(IPAddress.IsLoopback(address)));
        }
    }

    [Fact]
    public async Task Failures_reach_everybody_who_asked_and_nobody_later()
    {
        using var lookups = new NameLookups();

        for (var i = 0; i < 5; i++)
        {
            var asked = Enumerable.Range(0, 20).Select(_ => lookups.LookUpAsync($"no-such-host-{i}.invalid")).ToList();
            foreach (var answer in asked)
            {
                await Assert.ThrowsAnyAsync<SocketException>(() => answer);
            }
        }

        Assert.NotEmpty(await lookups.LookUpAsync("localhost"));
    }
}
