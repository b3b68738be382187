using System.Collections.Concurrent;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes.Ordering;

/// <summary>Three dispatchers, a hundred keys of ten events each, a receiver that fails at random; and the one that serves them goes.</summary>
public sealed class When_the_holder_of_an_ordered_lane_is_lost : IAsyncLifetime
{
    private const int Keys = 100;
    private const int Events = 1_000;
    private const int Attempts = 3;
    private const string Hopeless = "key_0";

    private readonly ConcurrentQueue<Receipt> _receipts = new();
    private readonly Random _random = new(20261128);
    private World _world = null!;
    private LeasedProcesses _dispatchers = null!;
    private TestReceiver _receiver = null!;
    private Subscription _subscription = null!;

    /// <summary>In the order in which the receiver decided.</summary>
    private sealed record Receipt(string Key, int Number, bool Succeeds);

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _dispatchers = new LeasedProcesses(_world);
        _receiver = await TestReceiver.StartAsync(Receive);
        _subscription = await _world.SubscribeInOrderAsync(
            _receiver.Url, new CustomRetry { MaxAttempts = Attempts, InitialDelaySeconds = 0.2, BackoffMultiplier = 1 });
        for (var dispatcher = 1; dispatcher <= 3; dispatcher++)
        {
            // The key that always fails is the last one left: that the receiver is left alone for it is not what is asked here.
            await _dispatchers.StartAsync(("Webhooks:Breaker:Failures", "1000"));
        }
    }

    [Fact]
    public async Task Should_keep_the_order_of_each_key_when_it_is_killed()
    {
        var fence = await BeginAsync();

        await (await HolderAsync()).KillAsync();

        await AssertInOrderAsync(fence);
    }

    [Fact]
    public async Task Should_keep_the_order_of_each_key_when_it_stalls_and_comes_back()
    {
        var fence = await BeginAsync();

        var stalled = await HolderAsync();
        stalled.Freeze();
        await _world.HeldAsync(_subscription, after: fence);
        await ReceivedAsync(_receipts.Count + 100);
        stalled.Thaw();

        await AssertInOrderAsync(fence);
    }

    public async ValueTask DisposeAsync()
    {
        await _dispatchers.DisposeAsync();
        await _receiver.DisposeAsync();
        await _world.DisposeAsync();
    }

    private Answer Receive(ReceivedRequest request)
    {
        var key = Ordered.KeyOf(request);
        lock (_random)
        {
            var succeeds = key != Hopeless && _random.Next(10) < 7;
            _receipts.Enqueue(new Receipt(key, Ordered.NumberOf(request), succeeds));
            return new Answer(succeeds ? 200 : 500) { Delay = TimeSpan.FromMilliseconds(_random.Next(30)) };
        }
    }

    private async Task<long> BeginAsync()
    {
        var (_, fence) = await _world.HeldAsync(_subscription);
        await _world.AcceptInLaneAsync(_subscription, [.. Enumerable.Range(0, Events).Select(number => $"key_{number % Keys}")]);
        await ReceivedAsync(Events / 4);
        return fence;
    }

    private Task ReceivedAsync(int count) =>
        Eventually.TrueAsync(() => _receipts.Count >= count, World.Limit, () => $"{count} requests; there were {_receipts.Count}");

    private async Task<ServiceChild> HolderAsync() => await _dispatchers.OfAsync((await _world.HeldAsync(_subscription)).Holder);

    private async Task AssertInOrderAsync(long fence)
    {
        await _world.EndedAsync();
        Assert.True((await _world.HeldAsync(_subscription)).Fence > fence, "Nobody took the lane over.");

        var events = await _world.Database.ColumnAsync<string>("SELECT status FROM deliveries ORDER BY seq");
        Assert.Equal(Events, events.Count);
        Assert.All(_receipts.GroupBy(receipt => receipt.Key), key => AssertInOrder(key.Key, [.. key]));

        // What the receiver cannot see: each began when the one before it had ended, by the records.
        Assert.Equal(0, await _world.Database.ScalarAsync<long>(
            """
            SELECT count(*) FROM (
                SELECT finished_at, lead(created_at) OVER of_key AS created_at, lead(id) OVER of_key AS id
                FROM deliveries WINDOW of_key AS (PARTITION BY ordering_key ORDER BY seq)) AS delivery
            JOIN attempts ON attempts.created_at = delivery.created_at AND attempts.delivery_id = delivery.id
            WHERE attempts.started_at < delivery.finished_at - interval '1 ms'
            """));

        // Nobody waited for the key that always fails but itself, and it waited only until each of its events was exhausted.
        Assert.All(events.Where((_, place) => place % Keys == 0), status => Assert.Equal("exhausted", status));
        Assert.All(events, status => Assert.Contains(status, (string[])["delivered", "exhausted"]));
        Assert.Contains("delivered", events);
    }

    /// <summary>No event before the one before it had succeeded, or had failed as often as it is tried.</summary>
    private static void AssertInOrder(string key, List<Receipt> receipts)
    {
        var numbers = receipts.Select(receipt => receipt.Number).Distinct().Order().ToList();
        Assert.Equal(Events / Keys, numbers.Count);
        var succeeded = receipts.Where(receipt => receipt.Succeeds).Select(receipt => receipt.Number).Distinct().ToList();
        Assert.True(succeeded.SequenceEqual(succeeded.Order()), $"{key} succeeded in the order {string.Join(", ", succeeded)}.");
        foreach (var (before, number) in numbers.Zip(numbers.Skip(1)))
        {
            var first = receipts.FindIndex(receipt => receipt.Number == number);
            var earlier = receipts.Take(first).Where(receipt => receipt.Number == before).ToList();
            Assert.True(earlier.Exists(receipt => receipt.Succeeds) || earlier.Count >= Attempts, $"{key}: {number} came before {before} had ended.");
        }
    }
}
