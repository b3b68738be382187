using Webhooks.Contracts;
using Webhooks.Dispatcher.Tests.Owed;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Dispatcher.Tests.DuePolling;

/// <summary>What is due can be found and announced, and that it was cannot be written down.</summary>
public sealed class When_the_database_refuses_writes : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Should_announce_what_is_due_once()
    {
        await _world.AcceptAsync(await _world.SubscribeAsync("https://receiver.example/"), count: 20);
        await _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 1, next_attempt_at = now(), due_at = now()");
        var refused = await RefusedWrites.BeginAsync(_world.Database, "UPDATE", "deliveries");
        await using var rival = await Rival.StartAsync(_world, BrokerNames.RetriesQueue(0));

        await _world.StartDispatcherAsync();
        await refused.HaveBeenAsync(count: 8, World.Limit);
        await Eventually.TrueAsync(() => rival.Taken.Count >= 20, World.Limit, "the announcements to be taken");
        // Whoever begins to lead announces them anew, and on a busy machine that may be so once or twice more. With each refusal it would be eight times.
        Assert.InRange(rival.Taken.Count, 20, 60);
        await refused.EndAsync();

        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL") == 0, World.Limit, "the announcement to be written down");
        Assert.InRange(rival.Taken.Count, 20, 60);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
