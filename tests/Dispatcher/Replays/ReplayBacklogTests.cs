using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Webhooks.Dispatcher.Leadership;
using Webhooks.Dispatcher.Replays;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Replays;

/// <summary>There is room for replays behind what is due, however long that has been due.</summary>
public sealed class ReplayBacklogTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Behind_a_poller_that_does_not_keep_up_there_is_no_room()
    {
        // Nobody leads meanwhile, so nothing is announced.
        await using var rival = await _world.Database.OpenConnectionAsync();
        await using var take = new NpgsqlCommand($"SELECT pg_advisory_lock({FleetLeadership.LockKey})", rival);
        await take.ExecuteNonQueryAsync();
        var dispatcher = await _world.StartDispatcherAsync();
        var backlog = dispatcher.Services.GetRequiredService<ReplayBacklog>();
        await Eventually.TrueAsync(async () => await backlog.RoomAsync(CancellationToken.None) == 1_000, World.Limit, "room for replays");

        await _world.AcceptAsync(await _world.SubscribeAsync("https://receiver.example/"), count: 1_000);
        await _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 1, next_attempt_at = now() - interval '1 minute', due_at = now() - interval '1 minute'");

        Assert.Equal(0, await backlog.RoomAsync(CancellationToken.None));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
