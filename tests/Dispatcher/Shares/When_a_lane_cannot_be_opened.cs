using Npgsql;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Shares;

/// <summary>
/// Somebody holds the row of a subscription whose lane is to be opened: a change that waits for the broker, an operator. Messages of
/// it come all the while, more than may be in hand.
/// </summary>
public sealed class When_a_lane_cannot_be_opened
{
    private const int Many = 2_500;

    [Fact]
    public async Task Should_keep_nobodys_messages_waiting_and_send_nothing_to_a_receiver_that_asks_for_time()
    {
        await using var world = await World.CreateAsync();
        await using var asking = await TestReceiver.StartAsync(request => request.Number == 1 ? new Answer(429).With("Retry-After", "6") : Answer.Ok);
        await using var well = await TestReceiver.StartAsync();
        var subscription = await world.SubscribeAsync(asking.Url, new CustomRetry { MaxAttempts = 5, InitialDelaySeconds = 0.1 });
        var neighbour = await world.SubscribeAsync(well.Url);
        await using var holding = await HoldAsync(world, subscription);
        await world.StartDispatcherAsync();
        await world.DeliverAsync(subscription);
        await world.HaveAttemptsAsync(1);
        // The attempt is recorded a moment before it is known in the process that the receiver is to be left alone.
        await world.DeliverAsync(subscription);
        await Eventually.TrueAsync(
            async () => await world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE due_at > now() OR status = 'delivered'") == 2, World.Limit, "both to be tried, or put off");
        var sent = asking.Count;

        await world.DeliverAsync(subscription, Many);
        await world.DeliverAsync(neighbour, count: 3);
        await well.WaitForAsync(3);

        // All of them, however often they came back by then, are left alone for a while.
        await Eventually.TrueAsync(
            async () => await world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE status = 'pending' AND due_at > now()") == Many + 3 - sent,
            World.Limit, "all to be put off");
        Assert.Equal((sent, 0), (asking.Count, await world.LanesAsync()));

        await holding.DisposeAsync();
        await world.EndedAsync();
        Assert.All(await world.DeliveriesAsync<string>("status"), status => Assert.Equal("delivered", status));
        Assert.Equal(Many + 3, asking.Count);
    }

    // One has it from its own attempt, another from one that it makes nevertheless.
    [Fact]
    public async Task Should_leave_a_receiver_alone_from_each_dispatcher_after_one_attempt_at_most()
    {
        await using var world = await World.CreateAsync();
        await using var asking = await TestReceiver.StartAsync(_ => new Answer(429).With("Retry-After", "600"));
        var subscription = await world.SubscribeAsync(asking.Url, new CustomRetry { MaxAttempts = 5, InitialDelaySeconds = 0.1 });
        await using var holding = await HoldAsync(world, subscription);
        await world.StartDispatcherAsync();
        await world.StartDispatcherAsync();

        for (var count = 1; count <= 20; count++)
        {
            await world.DeliverAsync(subscription);
            await Eventually.TrueAsync(
                async () => await world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE due_at > now()") == count, World.Limit, "all to be tried, or put off");
        }

        Assert.InRange(asking.Count, 1, 2);
    }

    [Fact]
    public Task Should_keep_nobodys_messages_waiting_while_its_receiver_hangs() => WhileTheyHang.IsSeenAsync(async world =>
    {
        await using var hanging = await HeldReceiver.StartAsync();
        await using var well = await TestReceiver.StartAsync();
        var subscription = await world.SubscribeAsync(hanging.Requests.Url, timeout: HeldReceiver.Deadline);
        var neighbour = await world.SubscribeAsync(well.Url);
        await using var holding = await HoldAsync(world, subscription);
        await world.AnnounceAsync(await world.AcceptAsync(subscription, Many));
        await world.DeliverAsync(neighbour, count: 3);

        await world.StartDispatcherAsync();

        if (await WhileTheyHang.LookAsync(world, hanging.Requests, () => Task.FromResult(well.Count), count => count == 3) is { } wrong)
        {
            return $"{wrong} requests of the other one instead of 3";
        }

        await holding.DisposeAsync();
        hanging.Release();
        await world.EndedAsync();
        Assert.All(await world.DeliveriesAsync<string>("status"), status => Assert.Equal("delivered", status));
        Assert.Equal(Many, hanging.Requests.Count);
        return null;
    });

    /// <summary>Until it is disposed of.</summary>
    private static async Task<NpgsqlConnection> HoldAsync(World world, Subscription subscription)
    {
        // Outside of the pool: what is disposed of has let go.
        var holding = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(world.Postgres.ConnectionString) { Pooling = false }.ConnectionString);
        await holding.OpenAsync();
        await using var hold = new NpgsqlCommand($"BEGIN; SELECT 1 FROM subscriptions WHERE id = '{subscription.Id}' FOR NO KEY UPDATE", holding);
        await hold.ExecuteNonQueryAsync();
        return holding;
    }
}
