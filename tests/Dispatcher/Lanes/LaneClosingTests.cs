using System.Diagnostics;
using Npgsql;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Lanes;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes;

/// <summary>What is still in a lane, or comes, when nothing needs it any more.</summary>
public sealed class LaneClosingTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task A_subscription_that_is_deleted_while_it_is_paused_has_its_lane_emptied_and_closed()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await _world.StartDispatcherAsync(("Webhooks:Lanes:IdleTime", "00:00:00.2"));
        var subscription = await _world.SubscribeAsync(World.Tenant, SubscriptionState.Paused, World.SettingsFor(receiver.Url, "*"));
        await _world.AcceptIntoLaneAsync(subscription, count: 20);
        await _world.HeldAsync(subscription);

        // A publisher that was about to commit when it was deleted, and does so when all that was seen is canceled.
        await using var publisher = await _world.Database.OpenConnectionAsync();
        await using var fanOut = await publisher.BeginTransactionAsync();
        await LaneStatements.HoldOpenAsync(publisher, [subscription.Id], CancellationToken.None);
        await _world.AcceptAsync(subscription, count: 5, connection: publisher);
        await using (var enter = new NpgsqlCommand("UPDATE deliveries SET lane_due_at = created_at WHERE lane_due_at IS NULL AND status = 'pending'", publisher))
        {
            Assert.Equal(5, await enter.ExecuteNonQueryAsync());
        }

        await LaneStatements.WakeAsync(publisher, [subscription.Id], CancellationToken.None);
        await _world.ChangeAsync(subscription, current => current with { Deleted = true });
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM subscriptions WHERE canceled_until = cancel_before") == 1, World.Limit, "the canceler to be done");
        await fanOut.CommitAsync();

        await _world.HaveStatusAsync("canceled", 25);
        await Eventually.TrueAsync(async () => await _world.LanesAsync() == 0, World.Limit, "the lane to be closed");
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE lane_due_at IS NOT NULL OR due_at IS NOT NULL"));
        Assert.Equal(0, receiver.Count);
    }

    [Fact]
    public Task One_that_hangs_does_not_keep_others_waiting_for_the_closing() => WhileTheyHang.IsSeenAsync(async world =>
    {
        await using var receiver = await HeldReceiver.StartAsync();
        await world.StartDispatcherAsync(("Webhooks:Lanes:IdleTime", "00:00:00.1"));
        var subscription = await world.SubscribeAsync(World.SettingsFor(receiver.Requests.Url, "*") with { MaxInFlight = 5, Timeout = HeldReceiver.Deadline });
        await world.AcceptIntoLaneAsync(subscription);
        await receiver.Requests.WaitForAsync(1);

        await world.ChangeAsync(subscription, current => current with { Settings = current.Settings with { MaxInFlight = null } });
        var sent = 1;
        // Long enough for many closings to be begun.
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < TimeSpan.FromSeconds(4);)
        {
            await world.AcceptIntoLaneAsync(subscription);
            sent++;
            if (await WhileTheyHang.LookAsync(world, receiver.Requests, () => Task.FromResult(receiver.Requests.Count), count => count >= sent) is { } wrong)
            {
                return $"{wrong} requests instead of {sent}";
            }
        }

        receiver.Release();
        await world.EndedAsync();
        await Eventually.TrueAsync(async () => await world.LanesAsync() == 0, World.Limit, "the lane to be closed");
        Assert.Equal(sent, receiver.Requests.Count);
        return null;
    });

    // Of several, because a closing takes nine tenths of the time here, and is put off in the rest.
    [Fact]
    public Task A_receiver_that_asks_for_time_during_the_closing_keeps_its_lane_open() => WhileTheyHang.IsSeenAsync(async world =>
    {
        const int Lanes = 8;
        await using var receiver = await HeldReceiver.StartAsync(_ => new Answer(503).With("Retry-After", "600"));
        await world.StartDispatcherAsync(("Webhooks:Lanes:IdleTime", "00:00:00.1"));
        var subscriptions = new List<Subscription>();
        for (var lane = 0; lane < Lanes; lane++)
        {
            subscriptions.Add(await world.SubscribeAsync(World.SettingsFor(receiver.Requests.Url, "*") with { MaxInFlight = 5, Timeout = HeldReceiver.Deadline }));
            await world.AcceptIntoLaneAsync(subscriptions[lane]);
        }

        await receiver.Requests.WaitForAsync(Lanes);
        foreach (var subscription in subscriptions)
        {
            await world.ChangeAsync(subscription, current => current with { Settings = current.Settings with { MaxInFlight = null } });
        }

        // Long enough for closings to be begun.
        var clock = Stopwatch.StartNew();
        if (await WhileTheyHang.LookAsync(world, receiver.Requests, () => Task.FromResult(clock.Elapsed), elapsed => elapsed > TimeSpan.FromSeconds(3)) is { } wrong)
        {
            return $"{wrong} after the change";
        }

        receiver.Release();
        await world.HaveAttemptsAsync(Lanes);
        await OpenAnotherAsync(world);
        await OpenAnotherAsync(world);

        // One that was closed, and opened again by the leader, would be there for another reason.
        Assert.Equal(Lanes, await world.Database.ScalarAsync<long>("SELECT count(*) FROM lanes WHERE subscription_id = ANY($1) AND reason <> 'breaker'", subscriptions.Select(subscription => subscription.Id).ToArray()));
        foreach (var subscription in subscriptions)
        {
            await world.DeliverAsync(subscription);
        }

        await world.SettledAsync();
        Assert.Equal(Lanes, receiver.Requests.Count);
        return null;
    });

    [Fact]
    public async Task A_lane_that_does_not_keep_up_stays_open()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await _world.StartDispatcherAsync(("Webhooks:Lanes:IdleTime", "00:00:10"));
        var subscription = await _world.SubscribeAsync(World.SettingsFor(receiver.Url, "*") with { MaxInFlight = 5 });
        await _world.AcceptIntoLaneAsync(subscription);
        await receiver.WaitForAsync(1);

        // From now on what it sends has been due for a minute.
        await _world.Database.ExecuteAsync("ALTER TABLE deliveries ALTER COLUMN lane_due_at SET DEFAULT clock_timestamp() - interval '1 minute'");
        await _world.ChangeAsync(subscription, current => current with { Settings = current.Settings with { MaxInFlight = null } });
        var sent = 1;
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < TimeSpan.FromSeconds(14);)
        {
            await _world.AcceptAsync(subscription);
            await _world.Database.ExecuteAsync($"SELECT pg_notify('{LaneStatements.Channel}', $1)", subscription.Id.ToString("N"));
            await receiver.WaitForAsync(++sent);
            Assert.Equal(1, await _world.LanesAsync());
        }

        await Eventually.TrueAsync(async () => await _world.LanesAsync() == 0, World.Limit, "the lane to be closed");
        await _world.EndedAsync();
        Assert.Equal(sent, receiver.Count);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    /// <summary>The leader has looked for health without a lane once more, a second after the last time.</summary>
    private static async Task OpenAnotherAsync(World world)
    {
        var other = await world.SubscribeAsync("https://receiver.example/");
        await world.Database.ExecuteAsync("INSERT INTO subscription_health (subscription_id, throttled_until) VALUES ($1, now() + interval '1 hour')", other.Id);
        await world.HeldAsync(other);
    }
}
