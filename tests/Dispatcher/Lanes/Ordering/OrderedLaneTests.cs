using System.Collections.Concurrent;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes.Ordering;

/// <summary>Of one key one delivery after the other, in the order of acceptance; of different keys, all at once.</summary>
public sealed class OrderedLaneTests : IAsyncLifetime
{
    private static readonly CustomRetry Quick = new() { MaxAttempts = 3, InitialDelaySeconds = 0.3, BackoffMultiplier = 1 };

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task A_key_is_sent_one_after_the_other_and_the_keys_beside_each_other()
    {
        // The first of each key is held: nothing of a key comes before it, and every key has come that far.
        var release = new TaskCompletionSource();
        await using var receiver = await TestReceiver.StartAsync(request => Answer.Ok with { After = Ordered.NumberOf(request) <= 20 ? release.Task : Task.CompletedTask });
        var subscription = await _world.SubscribeInOrderAsync(receiver.Url);
        await _world.StartDispatcherAsync();

        await _world.AcceptInLaneAsync(subscription, [.. Enumerable.Range(0, 100).Select(number => $"key_{number % 20}")]);
        await receiver.WaitForAsync(20);
        Assert.Equal(Enumerable.Range(1, 20), receiver.Requests.Select(Ordered.NumberOf).Order());
        release.SetResult();

        await _world.EndedAsync();
        Assert.Equal(100, receiver.Count);
        Assert.All(receiver.Requests.GroupBy(Ordered.KeyOf), key => Assert.Equal(key.Select(Ordered.NumberOf).Order(), key.Select(Ordered.NumberOf)));
    }

    [Fact]
    public async Task A_failing_key_holds_only_itself_until_it_is_exhausted()
    {
        await using var receiver = await TestReceiver.StartAsync(request => new Answer(Ordered.NumberOf(request) == 1 ? 500 : 200));
        var subscription = await _world.SubscribeInOrderAsync(receiver.Url, Quick with { InitialDelaySeconds = 15 });
        await _world.AcceptInLaneAsync(subscription, ["bad", "bad", "good", "bad", "good", "good"]);
        await _world.StartDispatcherAsync();

        // Before the bad one has been tried for the last time, half a minute later.
        await _world.HaveStatusAsync("delivered", 3);
        Assert.Equal([3, 5, 6], receiver.Requests.Select(Ordered.NumberOf).Where(number => number != 1));
        Assert.Equal(["pending", "pending", "delivered", "pending", "delivered", "delivered"], await _world.DeliveriesAsync<string>("status"));

        await _world.EndedAsync();
        Assert.Equal([1, 1, 1, 2, 4], receiver.Requests.Where(request => Ordered.KeyOf(request) == "bad").Select(Ordered.NumberOf));
        Assert.Equal(["exhausted", "delivered", "delivered", "delivered", "delivered", "delivered"], await _world.DeliveriesAsync<string>("status"));
    }

    [Fact]
    public async Task What_has_no_key_waits_for_nothing()
    {
        await using var receiver = await TestReceiver.StartAsync(request => Ordered.NumberOf(request) == 1 ? Answer.Never : Answer.Ok);
        var subscription = await _world.SubscribeInOrderAsync(receiver.Url, new CustomRetry { MaxAttempts = 1 });
        await _world.ChangeAsync(subscription, current => current with { Settings = current.Settings with { Timeout = HeldReceiver.Deadline } });
        await _world.AcceptInLaneAsync(subscription, ["held", "held", null, null]);
        await _world.StartDispatcherAsync();

        await _world.HaveStatusAsync("delivered", 2);
        Assert.Equal([1, 3, 4], receiver.Requests.Select(Ordered.NumberOf).Order());
    }

    [Fact]
    public async Task What_has_no_key_is_found_behind_all_that_is_in_hand()
    {
        await using var receiver = await HeldReceiver.StartAsync();
        var subscription = await _world.SubscribeInOrderAsync(receiver.Requests.Url, maxInFlight: 600);
        await _world.ChangeAsync(subscription, current => current with { Settings = current.Settings with { Timeout = HeldReceiver.Deadline } });
        await _world.AcceptInLaneAsync(subscription, [.. Enumerable.Repeat<string?>(null, 550)]);
        await _world.StartDispatcherAsync();

        // None has ended.
        await receiver.Requests.WaitForAsync(550);
        receiver.Release();

        await _world.EndedAsync();
        Assert.Equal(Enumerable.Range(1, 550), receiver.Requests.Requests.Select(Ordered.NumberOf).Distinct().Order());
    }

    [Fact]
    public async Task A_replay_does_not_wait_for_its_key()
    {
        await using var receiver = await TestReceiver.StartAsync(request => new Answer(Ordered.NumberOf(request) == 2 ? 500 : 200));
        var subscription = await _world.SubscribeInOrderAsync(receiver.Url, new CustomRetry { MaxAttempts = 2, InitialDelaySeconds = 3_600 });
        await _world.AcceptInLaneAsync(subscription, ["a", "a", "a"]);
        await _world.StartDispatcherAsync();
        await _world.HaveStatusAsync("delivered", 1);
        await _world.HaveAttemptsAsync(2);

        // As Management makes one: a row that is due, which the due-poller announces, and which enters the lane with its message.
        await _world.Database.ExecuteAsync(
            """
            INSERT INTO deliveries (created_at, id, tenant_id, event_id, event_type, subscription_id, revision, due_at, replay_of, event_created_at)
            SELECT now(), gen_random_uuid(), tenant_id, event_id, event_type, subscription_id, revision, now(), id, created_at FROM deliveries WHERE event_id = 'evt_1'
            """);

        await _world.HaveStatusAsync("delivered", 2);
        Assert.Equal([1, 2, 1], receiver.Requests.Select(Ordered.NumberOf));
        Assert.Equal(["delivered", "pending", "pending", "delivered"], await _world.DeliveriesAsync<string>("status"));
    }

    [Fact]
    public async Task An_order_that_is_ended_lets_go_what_waited_for_it()
    {
        await using var receiver = await TestReceiver.StartAsync(request => new Answer(Ordered.NumberOf(request) == 1 ? 500 : 200));
        var subscription = await _world.SubscribeInOrderAsync(receiver.Url, new CustomRetry { MaxAttempts = 2, InitialDelaySeconds = 3_600 }, maxInFlight: 100);
        await _world.AcceptInLaneAsync(subscription, ["a", "a", "a"]);
        await _world.StartDispatcherAsync();
        await _world.HaveAttemptsAsync(1);

        await _world.ChangeAsync(subscription, current => current with { Settings = current.Settings with { OrderingKey = null } });

        await _world.HaveStatusAsync("delivered", 2);
        Assert.Equal([1, 2, 3], receiver.Requests.Select(Ordered.NumberOf).Order());
    }

    [Fact]
    public async Task An_order_is_kept_with_one_attempt_at_a_time()
    {
        var failed = new ConcurrentDictionary<int, bool>();
        await using var receiver = await TestReceiver.StartAsync(
            request => new Answer(Ordered.NumberOf(request) % 3 == 0 && failed.TryAdd(Ordered.NumberOf(request), true) ? 500 : 200));
        var subscription = await _world.SubscribeInOrderAsync(receiver.Url, Quick, maxInFlight: 1);
        await _world.AcceptInLaneAsync(subscription, [.. Enumerable.Range(0, 60).Select(number => $"key_{number % 7}")]);
        await _world.StartDispatcherAsync();

        await _world.EndedAsync();
        Assert.Equal(80, receiver.Count);
        Assert.All(receiver.Requests.GroupBy(Ordered.KeyOf), key => Assert.Equal(key.Select(Ordered.NumberOf).Order(), key.Select(Ordered.NumberOf)));
    }

    [Fact]
    public async Task More_keys_than_are_looked_at_at_once_all_have_their_turns()
    {
        // The first time around they all fail, and wait: what is new is found behind all of them.
        const int Keys = 1_200;
        var fails = true;
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(Volatile.Read(ref fails) ? 500 : 200));
        var subscription = await _world.SubscribeInOrderAsync(receiver.Url, new CustomRetry { MaxAttempts = 2, InitialDelaySeconds = 3_600 });
        await _world.AcceptInLaneAsync(subscription, [.. Enumerable.Range(0, Keys).Select(number => $"key_{number}")]);
        await _world.StartDispatcherAsync(("Webhooks:Breaker:Failures", "1000"), ("Webhooks:Breaker:FailingFor", "01:00:00"));
        await _world.HaveAttemptsAsync(Keys);

        Volatile.Write(ref fails, false);
        await _world.AcceptInLaneAsync(subscription, [.. Enumerable.Range(0, Keys).Select(number => $"key_{number / 2 * 2}"), .. Enumerable.Range(0, Keys).Select(number => $"new_{number}")]);

        await _world.HaveStatusAsync("delivered", Keys);
        Assert.All(receiver.Requests.Skip(Keys), request => Assert.StartsWith("new_", Ordered.KeyOf(request), StringComparison.Ordinal));
        Assert.Equal(2 * Keys, receiver.Count);
    }

    [Fact]
    public async Task A_canceled_head_lets_the_next_of_its_key_go()
    {
        await using var receiver = await TestReceiver.StartAsync(request => new Answer(Ordered.NumberOf(request) == 1 ? 500 : 200));
        var subscription = await _world.SubscribeInOrderAsync(receiver.Url, new CustomRetry { MaxAttempts = 2, InitialDelaySeconds = 3_600 });
        await _world.AcceptInLaneAsync(subscription, ["a"]);
        await _world.StartDispatcherAsync();
        await _world.HaveAttemptsAsync(1);

        await _world.ChangeAsync(subscription, current => current with { State = SubscriptionState.Disabled });
        await _world.HaveStatusAsync("canceled", 1);
        await _world.ChangeAsync(subscription, current => current with { State = SubscriptionState.Active });
        await _world.AcceptInLaneAsync(subscription, ["a", "a"]);

        await _world.HaveStatusAsync("delivered", 2);
        Assert.Equal([1, 2, 3], receiver.Requests.Select(Ordered.NumberOf));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
