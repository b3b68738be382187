using Webhooks.Broker.Deliveries;
using Webhooks.Contracts;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Ordering;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Shares;

/// <summary>Receivers that hang take half of a dispatcher's slots at most, however many they are and whatever they are sent.</summary>
public sealed class HangingReceiversTests
{
    private const string TooLate = "the fast ones that began after one that hangs had ended";

    [Theory]
    [InlineData(1, 2_500, 1)]
    [InlineData(50, 50, 1)]
    [InlineData(1, 2_500, Announcement.MostTogether)]
    [InlineData(50, 50, Announcement.MostTogether)]
    public Task They_delay_nobody_else(int receivers, int deliveries, int together) => WhileTheyHang.IsSeenAsync(async world =>
    {
        await using var hanging = await HeldReceiver.StartAsync();
        await using var fast = await TestReceiver.StartAsync();
        var toFast = await world.SubscribeAsync(fast.Url);
        var toHanging = new List<Subscription>();
        for (var receiver = 0; receiver < receivers; receiver++)
        {
            toHanging.Add(await world.SubscribeAsync($"{hanging.Requests.Url}/{receiver}", timeout: HeldReceiver.Deadline));
        }

        var accepted = new List<(Accepted Delivery, int Round)>();
        foreach (var subscription in toHanging)
        {
            accepted.AddRange((await world.AcceptAsync(subscription, deliveries)).Select((delivery, round) => (delivery, round)));
        }

        // One of each in turn: they begin to hang at the same time.
        await world.AnnounceAsync(accepted.OrderBy(one => one.Round).Select(one => one.Delivery), number: 1, together);
        await world.AnnounceAsync(await world.AcceptAsync(toFast, count: 3));

        await world.StartDispatcherAsync();

        // Behind 2,500 deliveries of those that hang.
        if (!await AreServedBeforeAnyEndsAsync(world, fast, count: 3, hanging))
        {
            return TooLate;
        }

        // Half of the slots, in the messages that came first, and those of them whose turn it was when it was reached.
        var most = ((1_000 + receivers) / together) + 1;
        var queue = BrokerNames.DeliveriesQueue(0);
        var wrong = await WhileTheyHang.LookAsync(
            world, hanging.Requests,
            async () => (Ready: await world.Bus.CountAsync(queue), InHand: await world.UnacknowledgedAsync(queue)),
            seen => seen.Ready == 0 && seen.InHand <= most);
        if (wrong is not null)
        {
            return $"{wrong} instead of at most {most} in hand";
        }

        Assert.Contains("fair_share", await world.Database.ColumnAsync<string>("SELECT reason FROM lanes"));

        hanging.Release();
        await world.EndedAsync();
        Assert.All(await world.DeliveriesAsync<string>("status"), status => Assert.Equal("delivered", status));
        return null;
    });

    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    public Task Of_however_many_subscriptions_of_a_tenant_they_are_other_tenants_are_served(int? maxInFlight) => WhileTheyHang.IsSeenAsync(async world =>
    {
        // As many as there are slots, of messages or, if they have a limit, of lanes. No breaker opens while they hang.
        await using var hanging = await HeldReceiver.StartAsync();
        await using var fast = await TestReceiver.StartAsync();
        var many = World.SettingsFor(hanging.Requests.Url, "*") with { Timeout = HeldReceiver.Deadline, MaxInFlight = maxInFlight };
        var toHanging = await world.SubscribeAsync("tenant_002", many, count: 2_000);
        var toFast = await world.SubscribeAsync(fast.Url);
        var inOrder = await world.SubscribeAsync(World.SettingsFor(fast.Url, "*") with { OrderingKey = OrderingKey.Parse("/data/id") });
        await world.AnnounceAsync(await world.AcceptAsync(toHanging));
        await world.StartDispatcherAsync();
        await hanging.Requests.WaitForAsync(1_750, World.Limit);

        await world.DeliverAsync(toFast, count: 3);
        await world.DeliverAsync(inOrder, count: 3, """{"id":"one"}""");

        if (!await AreServedBeforeAnyEndsAsync(world, fast, count: 6, hanging))
        {
            return TooLate;
        }

        hanging.Release();
        await world.EndedAsync();
        Assert.All(await world.DeliveriesAsync<string>("status"), status => Assert.Equal("delivered", status));
        return null;
    });

    /// <summary>By the attempts' own records.</summary>
    private static async Task<bool> AreServedBeforeAnyEndsAsync(World world, TestReceiver fast, int count, HeldReceiver hanging)
    {
        IReadOnlyList<DateTime> starts = [];
        await Eventually.TrueAsync(
            async () => (starts = await world.Database.ColumnAsync<DateTime>("SELECT started_at FROM attempts WHERE starts_with(request_url, $1)", fast.Url)).Count == count,
            World.Limit, "the attempts at the fast one");
        return await world.Database.ScalarAsync<long>(
            "SELECT count(*) FROM attempts WHERE starts_with(request_url, $1) AND started_at + duration_ms * interval '1 millisecond' < $2", hanging.Requests.Url, starts.Max()) == 0;
    }
}
