using System.Runtime.CompilerServices;
using Webhooks.TestKit;

namespace Webhooks.Sending.Shares;

/// <summary>Four at once.</summary>
public sealed class TenantTurnsTests
{
    private readonly TenantTurns _turns = new(4);

    [Fact]
    public async Task A_tenant_with_many_leaves_one_turn_to_whoever_comes()
    {
        var many = Take("many", 4);
        Assert.Equal([true, true, true, false], many.Select(taking => taking.IsCompleted));

        Assert.True(Take("other").IsCompleted);
        var third = Take("third");
        Assert.False(third.IsCompleted);

        // What comes back is not for those who have some while there is somebody who has none.
        (await many[0]).Dispose();
        await third;
        Assert.False(many[3].IsCompleted);
        (await many[1]).Dispose();
        Assert.False(many[3].IsCompleted);
        (await many[2]).Dispose();
        await many[3];
    }

    [Fact]
    public async Task Tenants_go_in_rotation_and_those_of_one_as_they_came()
    {
        var before = await TakeAllAsync();
        var waiting = ((string[])["a", "a", "a", "b", "b", "c"]).Select((tenant, place) => (Name: $"{tenant}{place}", Turn: Take(tenant))).ToList();

        before[0].Dispose();
        var order = new List<string>();
        while (waiting.Count > 0)
        {
            var next = await Task.WhenAny(waiting.Select(one => one.Turn));
            order.AddRange(waiting.Where(one => one.Turn == next).Select(one => one.Name));
            waiting.RemoveAll(one => one.Turn == next);
            Assert.DoesNotContain(waiting, one => one.Turn.IsCompleted);
            (await next).Dispose();
        }

        Assert.Equal(["a0", "b3", "c5", "a1", "b4", "a2"], order);
    }

    [Fact]
    public async Task A_tenant_that_comes_when_hundreds_of_another_wait_is_next_but_one_at_the_latest()
    {
        var before = await TakeAllAsync();
        var many = Take("many", 300);
        var other = Take("other");

        before[0].Dispose();
        var first = await Task.WhenAny(many);
        (await first).Dispose();

        await other;
        Assert.Equal(1, many.Count(taking => taking.IsCompleted));
    }

    [Fact]
    public async Task Who_waits_no_more_has_no_turn_and_keeps_none_from_others()
    {
        var before = await TakeAllAsync();
        using var stop = new CancellationTokenSource();
        var (givenUp, next) = (Take("a", stop.Token), Take("b"));

        await stop.CancelAsync();

        Assert.Equal(stop.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => givenUp)).CancellationToken);
        before[0].Dispose();
        await next;
    }

    [Fact]
    public async Task A_turn_that_is_given_back_twice_comes_back_once()
    {
        var before = await TakeAllAsync();
        var (first, second) = (Take("a"), Take("b"));

        before[0].Dispose();
        before[0].Dispose();

        await first;
        Assert.False(second.IsCompleted);
    }

    [Fact]
    public async Task Never_do_more_go_at_a_time_and_no_turn_is_lost_however_they_come_and_give_up()
    {
        const int Each = 1_000;
        var (going, most, gone) = (0, 0, 0);
        await Task.WhenAll(Enumerable.Range(0, 16).Select(worker => Task.Run(async () =>
        {
            var random = new Random(worker);
            for (var round = 0; round < Each; round++)
            {
                using var stop = new CancellationTokenSource();
                var taking = Take($"tenant_{random.Next(6)}", stop.Token);
                var stopping = random.Next(3) == 0 ? Task.Run(stop.Cancel) : Task.CompletedTask;
                try
                {
                    using var turn = await taking;
                    Interlocked.Increment(ref gone);
                    InterlockedMax(ref most, Interlocked.Increment(ref going));
                    await Task.Yield();
                    Interlocked.Decrement(ref going);
                }
                catch (OperationCanceledException) when (stop.IsCancellationRequested)
                {
                }

                await stopping;
            }
        })));

        Assert.InRange(most, 2, 4);
        Assert.InRange(gone, 16 * Each / 2, 16 * Each);
        await TakeAllAsync();
    }

    [Fact]
    public async Task Nothing_is_kept_of_a_tenant_that_has_gone()
    {
        var tenants = await ComeAndGoAsync();

        await Eventually.TrueAsync(
            () =>
            {
                GC.Collect();
                return tenants.TrueForAll(tenant => !tenant.IsAlive);
            },
            TimeSpan.FromMinutes(2), "nobody to know the tenants any more");
        GC.KeepAlive(_turns);
    }

    private Task<IDisposable> Take(string tenantId, CancellationToken stop = default) => _turns.TakeAsync(tenantId, stop).AsTask();

    private List<Task<IDisposable>> Take(string tenantId, int count) => [.. Enumerable.Range(0, count).Select(_ => Take(tenantId))];

    /// <summary>All four, each by a tenant of its own.</summary>
    private Task<IDisposable[]> TakeAllAsync() => Task.WhenAll(Enumerable.Range(0, 4).Select(number => Take($"before_{number}")));

    /// <summary>One that goes, one that waits and then goes, and one that gives up.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<List<WeakReference>> ComeAndGoAsync()
    {
        List<string> tenants = [.. Enumerable.Range(0, 3).Select(number => $"tenant_{number}")];
        var first = Take(tenants[0], 3);
        var before = await Task.WhenAll(first);
        using var stop = new CancellationTokenSource();
        Assert.True(Take("last").IsCompleted);
        var (waiting, givenUp) = (Take(tenants[1]), Take(tenants[2], stop.Token));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => givenUp);
        Array.ForEach(before, turn => turn.Dispose());
        (await waiting).Dispose();
        return [.. tenants.Select(tenant => new WeakReference(tenant))];
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen && Interlocked.CompareExchange(ref most, value, seen) != seen; seen = Volatile.Read(ref most))
        {
        }
    }
}
