using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes.Ordering;

/// <summary>More keys have something to send than are found at once, and the lane's limit lets a few of them go at a time.</summary>
public sealed class When_many_keys_wait : IAsyncLifetime
{
    private const int Keys = 700;
    private const int EventsOfEach = 8;

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Should_come_round_to_each_of_them_and_to_a_new_one()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var subscription = await _world.SubscribeInOrderAsync(receiver.Url, maxInFlight: 20);
        await _world.AcceptInLaneAsync(subscription, [.. Enumerable.Range(0, Keys * EventsOfEach).Select(number => $"key_{number % Keys}")]);
        await _world.StartDispatcherAsync();
        await receiver.WaitForAsync(100);

        await _world.AcceptInLaneAsync(subscription, ["new"]);
        var before = receiver.Count;

        // As many as make three turns of each: long before any key has sent all that it has.
        await Eventually.TrueAsync(() => receiver.Count >= before + (3 * Keys), World.Limit, "three rounds");
        var keys = receiver.Requests.Take(before + (3 * Keys)).Select(Ordered.KeyOf).ToHashSet();
        Assert.Contains("new", keys);
        Assert.Equal(Keys + 1, keys.Count);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
