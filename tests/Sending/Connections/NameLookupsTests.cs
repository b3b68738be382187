using System.Net;
using System.Net.Sockets;
using Webhooks.Sending.Receivers;
using Webhooks.TestKit;

namespace Webhooks.Sending.Connections;

public sealed class NameLookupsTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task A_name_is_looked_up_anew_each_time()
    {
        var lookups = new NameLookups(Dns.GetHostAddresses);

        for (var i = 0; i < 3; i++)
        {
            Assert.All(await lookups.LookUpAsync("localhost", "tenant"), address => Assert.True(IPAddress.IsLoopback(address)));
        }
    }

    [Fact]
    public async Task Failures_reach_everybody_who_asked_and_nobody_later()
    {
        var lookups = new NameLookups(Dns.GetHostAddresses);

        for (var i = 0; i < 5; i++)
        {
            var asked = Enumerable.Range(0, 20).Select(number => lookups.LookUpAsync($"no-such-host-{i}.invalid", $"tenant_{number % 3}")).ToList();
            foreach (var answer in asked)
            {
                await Assert.ThrowsAnyAsync<SocketException>(() => answer);
            }
        }

        Assert.NotEmpty(await lookups.LookUpAsync("localhost", "tenant"));
    }

    [Fact]
    public async Task Hundreds_of_silent_names_of_a_tenant_leave_threads_to_others()
    {
        using var names = new SilentNames();
        var lookups = new NameLookups(names.Resolve);
        var many = Silent(lookups, "many");

        Assert.Equal([IPAddress.Loopback], await lookups.LookUpAsync(SilentNames.Answered, "other").WaitAsync(Limit));

        Assert.DoesNotContain(many, answer => answer.IsCompleted);
        await Eventually.TrueAsync(() => names.Silent == 56, Limit, () => $"56 lookups at a time, seven eighths of 64; there were {names.Silent}");

        // And what they had comes back.
        names.Dispose();
        await Task.WhenAll(many).WaitAsync(Limit);
    }

    [Fact]
    public async Task A_name_that_waits_behind_those_of_one_tenant_is_not_kept_from_another()
    {
        using var names = new SilentNames();
        var lookups = new NameLookups(names.Resolve);
        _ = Silent(lookups, "many");
        var behind = lookups.LookUpAsync(SilentNames.Answered, "many");

        Assert.Equal([IPAddress.Loopback], await lookups.LookUpAsync(SilentNames.Answered, "other").WaitAsync(Limit));

        names.Dispose();
        Assert.Equal([IPAddress.Loopback], await behind.WaitAsync(Limit));
    }

    [Fact]
    public async Task A_silent_name_takes_one_thread_however_often_and_by_however_many_tenants_it_is_asked_for()
    {
        using var names = new SilentNames();
        var lookups = new NameLookups(names.Resolve);
        var asked = Enumerable.Range(0, 1_000).Select(number => lookups.LookUpAsync("silent.example", $"tenant_{number % 200}")).ToList();

        foreach (var tenant in (string[])["tenant_0", "tenant_199", "other"])
        {
            Assert.Equal([IPAddress.Loopback], await lookups.LookUpAsync(SilentNames.Answered, tenant).WaitAsync(Limit));
        }

        await Eventually.TrueAsync(() => names.Silent > 0, Limit, "the name to be looked up");
        Assert.Equal(1, names.Silent);
        names.Dispose();
        await Task.WhenAll(asked).WaitAsync(Limit);
    }

    [Fact]
    public async Task Those_who_waited_for_a_thread_for_the_same_silent_name_take_one_together()
    {
        using var before = new SilentNames();
        using var names = new SilentNames();
        var lookups = new NameLookups(host => (host.StartsWith("before", StringComparison.Ordinal) ? before : names).Resolve(host));
        for (var thread = 0; thread < 64; thread++)
        {
            _ = lookups.LookUpAsync($"before-{thread}.example", $"before_{thread}");
        }

        var asked = Enumerable.Range(0, 200).Select(number => lookups.LookUpAsync("silent.example", $"tenant_{number}")).ToList();
        before.Dispose();

        foreach (var tenant in (string[])["tenant_0", "tenant_199", "other"])
        {
            Assert.Equal([IPAddress.Loopback], await lookups.LookUpAsync(SilentNames.Answered, tenant).WaitAsync(Limit));
        }

        await Eventually.TrueAsync(() => names.Silent > 0, Limit, "the name to be looked up");
        Assert.Equal(1, names.Silent);
        names.Dispose();
        await Task.WhenAll(asked).WaitAsync(Limit);
    }

    private static List<Task<IPAddress[]>> Silent(NameLookups lookups, string tenantId) =>
        [.. Enumerable.Range(0, 200).Select(number => lookups.LookUpAsync($"silent-{number}.example", tenantId))];
}
