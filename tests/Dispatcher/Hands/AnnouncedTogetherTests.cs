using System.Text;
using Webhooks.Broker.Deliveries;
using Webhooks.Broker.Parking;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Hands;

/// <summary>Deliveries that one message announces have nothing else in common.</summary>
public sealed class AnnouncedTogetherTests : IAsyncLifetime
{
    private static readonly string Queue = BrokerNames.DeliveriesQueue(0);

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(Announcement.MostTogether)]
    [InlineData(Announcement.MostRead)]
    public async Task Each_is_sent_once_however_many_go_together(int together)
    {
        await using var receiver = await TestReceiver.StartAsync();
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(receiver.Url), count: 500);
        await _world.AnnounceAsync(accepted, number: 1, together);

        await _world.StartDispatcherAsync();

        await _world.EndedAsync();
        Assert.Equal(accepted.Select(delivery => delivery.EventId).Order(), receiver.Requests.Select(TestEvent.IdOf).Order());
        Assert.Equal(500, (await _world.AttemptsAsync()).Count);
        Assert.Empty(await _world.ParkedAsync());
    }

    [Fact]
    public Task One_that_is_slow_delays_no_other_and_only_the_ack() => WhileTheyHang.IsSeenAsync(async world =>
    {
        await using var slow = await HeldReceiver.StartAsync();
        await using var fast = await TestReceiver.StartAsync();
        var first = await world.AcceptAsync(await world.SubscribeAsync(slow.Requests.Url, timeout: HeldReceiver.Deadline));
        var others = await world.AcceptAsync(await world.SubscribeAsync(fast.Url), count: 15);
        await world.StartDispatcherAsync();

        await world.AnnounceAsync([.. first, .. others]);

        await fast.WaitForAsync(15);
        await world.HaveStatusAsync("delivered", 15);
        var wrong = await WhileTheyHang.LookAsync(
            world, slow.Requests,
            async () => (InHand: await world.UnacknowledgedAsync(Queue), Ready: await world.Bus.CountAsync(Queue)),
            seen => seen is (1, 0));
        if (wrong is not null)
        {
            return $"{wrong} instead of one message in hand";
        }

        slow.Release();
        await world.EndedAsync();
        Assert.Equal((1, 15), (slow.Requests.Count, fast.Count));
        return null;
    });

    [Fact]
    public Task One_that_fails_is_retried_alone_while_another_is_still_sent() => WhileTheyHang.IsSeenAsync(async world =>
    {
        await using var slow = await HeldReceiver.StartAsync();
        await using var failing = await TestReceiver.StartAsync(Answer.InOrder(503, 200));
        var first = await world.AcceptAsync(await world.SubscribeAsync(slow.Requests.Url, timeout: HeldReceiver.Deadline));
        var second = await world.AcceptAsync(await world.SubscribeAsync(failing.Url, new CustomRetry { InitialDelaySeconds = 0.2 }));
        await world.StartDispatcherAsync();

        await world.AnnounceAsync([.. first, .. second]);

        await world.HaveStatusAsync("delivered", 1);
        Assert.Equal(2, failing.Count);
        if (await WhileTheyHang.LookAsync(world, slow.Requests, () => world.UnacknowledgedAsync(Queue), inHand => inHand == 1) is { } wrong)
        {
            return $"{wrong} messages in hand instead of one";
        }

        slow.Release();
        await world.EndedAsync();
        Assert.Equal((1, 2), (slow.Requests.Count, failing.Count));
        return null;
    });

    [Fact]
    public async Task One_that_our_own_code_fails_on_is_parked_alone_and_can_be_republished()
    {
        await using var receiver = await TestReceiver.StartAsync(request => new Answer(request.Path == "/poison" ? 418 : 200));
        await _world.RefuseRecordsAsync();
        var healthy = await _world.AcceptAsync(await _world.SubscribeAsync($"{receiver.Url}/healthy"), count: 4);
        var poison = await _world.AcceptAsync(await _world.SubscribeAsync($"{receiver.Url}/poison"));
        await _world.AnnounceAsync([.. healthy.Take(2), .. poison, .. healthy.Skip(2)]);

        await _world.StartDispatcherAsync();

        await _world.HaveStatusAsync("delivered", 4);
        await _world.HaveParkedAsync(1);
        await _world.SettledAsync();
        var parked = Assert.Single(await _world.ParkedAsync());
        Assert.Equal(("poison", Queue, World.Tenant), (parked.Reason, parked.Queue, parked.TenantId));
        Assert.Equal(poison[0].Id, DeliveryMessage.Read(Encoding.UTF8.GetBytes(parked.Text))?.DeliveryId);
        Assert.Equal((1, 4), (receiver.Requests.Count(request => request.Path == "/poison"), receiver.Requests.Count(request => request.Path == "/healthy")));

        Assert.InRange(await _world.TriesToRecordAsync(), 20, 40);

        receiver.AnswerWith = _ => Answer.Ok;
        var back = WayBack.Of(Queue, parked.Properties, Encoding.UTF8.GetBytes(parked.Text));
        await _world.Bus.PublishAsync("", Queue, back.Body.ToArray(), back.Properties);

        await _world.EndedAsync();
        Assert.Equal(6, receiver.Count);
        Assert.Equal(5, (await _world.AttemptsAsync()).Count);
    }

    // Whoever held it died of one of them, and nobody knows of which.
    [Theory]
    [InlineData(19, false)]
    [InlineData(20, true)]
    public async Task A_message_that_was_handed_over_twenty_times_is_split(int times, bool isSplit)
    {
        await using var slow = await HeldReceiver.StartAsync();
        await using var fast = await TestReceiver.StartAsync();
        var culprit = await _world.AcceptAsync(await _world.SubscribeAsync(slow.Requests.Url, timeout: HeldReceiver.Deadline));
        var others = await _world.AcceptAsync(await _world.SubscribeAsync(fast.Url), count: 2);
        await _world.AnnounceAsync([others[0], culprit[0], others[1]]);
        await _world.Bus.TouchAsync(Queue, times);

        await using var killed = await _world.StartChildAsync();
        await fast.WaitForAsync(2);
        await _world.HaveStatusAsync("delivered", 2);
        await slow.Requests.WaitForAsync(1);
        await Eventually.TrueAsync(async () => await _world.UnacknowledgedAsync(Queue) == 1, World.Limit, "the message of the culprit to be the only one");
        await killed.KillAsync();

        var left = Announcement.Read((await _world.Bus.TakeAsync(Queue)).Body.Span, out _);
        Assert.Equal(isSplit ? [culprit[0].Id] : [others[0].Id, culprit[0].Id, others[1].Id], left!.Select(delivery => delivery.DeliveryId));
        Assert.Equal(isSplit, left![0].Redelivered);
        Assert.Empty(await _world.ParkedAsync());
    }

    // The peer dies of the whole message before anything of it is sent, a dispatcher and again the peer of the culprit alone.
    [Fact]
    public async Task One_that_is_fatal_to_whoever_holds_it_is_parked_alone_in_the_end_and_its_neighbours_are_delivered()
    {
        await using var fatal = await HeldReceiver.StartAsync();
        await using var healthy = await TestReceiver.StartAsync();
        var culprit = await _world.AcceptAsync(await _world.SubscribeAsync(fatal.Requests.Url, timeout: HeldReceiver.Deadline));
        var others = await _world.AcceptAsync(await _world.SubscribeAsync(healthy.Url), count: Announcement.MostTogether - 1);
        await _world.AnnounceAsync([.. others.Take(7), .. culprit, .. others.Skip(7)]);
        await _world.Bus.TouchAsync(Queue, BrokerTopology.PoisonCount);

        await using (var killed = await _world.StartChildAsync())
        {
            await _world.HaveStatusAsync("delivered", others.Count);
            await fatal.Requests.WaitForAsync(1);
            await Eventually.TrueAsync(async () => await _world.UnacknowledgedAsync(Queue) == 1, World.Limit, "the message of the culprit to be the only one");
            await killed.KillAsync();
        }

        await _world.Bus.TouchAsync(Queue, BrokerTopology.PoisonCount - 1);
        await _world.StartDispatcherAsync();

        await _world.HaveParkedAsync(1);
        await _world.SettledAsync();
        var parked = Assert.Single(await _world.ParkedAsync());
        Assert.Equal(("poison", Queue, World.Tenant), (parked.Reason, parked.Queue, parked.TenantId));
        var announced = Announcement.Read(Encoding.UTF8.GetBytes(parked.Text), out _);
        Assert.Equal([culprit[0].Id], announced!.Select(delivery => delivery.DeliveryId));
        Assert.Equal(others.Select(delivery => delivery.EventId).Order(), healthy.Requests.Select(TestEvent.IdOf).Order());
        Assert.Equal(1, fatal.Requests.Count);
        await _world.HaveStatusAsync("pending", 1);
    }

    // Its first holders recorded an attempt and died before they announced the next: the message was the only trace of it.
    [Fact]
    public async Task One_that_was_split_off_is_still_known_as_handed_over_again()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(receiver.Url), count: 2);
        await _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 1, next_attempt_at = now() WHERE id = $1", accepted[0].Id);
        await _world.AnnounceAsync(accepted);
        await _world.Bus.TouchAsync(Queue, 20);

        await _world.StartDispatcherAsync();

        await _world.EndedAsync();
        Assert.Equal([1, 2], (await _world.AttemptsAsync()).Select(attempt => attempt.Number).Order());
        Assert.Equal(2, receiver.Count);
    }

    [Fact]
    public async Task Of_a_message_whose_dispatcher_was_killed_another_sends_what_was_not_recorded()
    {
        await using var slow = await HeldReceiver.StartAsync();
        await using var fast = await TestReceiver.StartAsync();
        var held = await _world.AcceptAsync(await _world.SubscribeAsync(slow.Requests.Url, timeout: HeldReceiver.Deadline), count: 8);
        var quick = await _world.AcceptAsync(await _world.SubscribeAsync(fast.Url), count: 8);
        await using var killed = await _world.StartChildAsync();
        await _world.AnnounceAsync(held.Zip(quick).SelectMany(pair => (Accepted[])[pair.First, pair.Second]));
        await _world.HaveStatusAsync("delivered", 8);
        await slow.Requests.WaitForAsync(8);

        await killed.KillAsync();
        await _world.StartDispatcherAsync();
        await slow.Requests.WaitForAsync(16);
        slow.Release();

        await _world.EndedAsync();
        Assert.Equal((16, 8), (slow.Requests.Count, fast.Count));
        Assert.Equal(Enumerable.Repeat(1, 16), (await _world.AttemptsAsync()).Select(attempt => attempt.Number));
        Assert.All(await _world.DeliveriesAsync<string>("status"), status => Assert.Equal("delivered", status));
        Assert.Empty(await _world.ParkedAsync());
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
