using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Repeats;

/// <summary>A message is only a reminder: however often it comes, the row says what is to be done.</summary>
public sealed class RepeatTests : IAsyncLifetime
{
    private World _world = null!;
    private TestReceiver _receiver = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _receiver = await TestReceiver.StartAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(40)] // All in one message.
    public async Task A_delivery_announced_twice_in_one_group_is_sent_once(int together)
    {
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(_receiver.Url), count: 20);
        await _world.AnnounceAsync(accepted.Concat(accepted), number: 1, together);

        await _world.StartDispatcherAsync();

        await _world.EndedAsync();
        Assert.Equal(20, _receiver.Count);
        Assert.Equal(20, (await _world.AttemptsAsync()).Count);
        Assert.Empty(await _world.ParkedAsync());
    }

    [Fact]
    public async Task A_delivery_announced_again_while_it_is_sent_is_not_sent_again()
    {
        await using var receiver = await HeldReceiver.StartAsync();
        await _world.StartDispatcherAsync();
        var accepted = await _world.DeliverAsync(await _world.SubscribeAsync(receiver.Requests.Url, timeout: HeldReceiver.Deadline));
        await receiver.Requests.WaitForAsync(1);

        await _world.AnnounceAsync(accepted);
        await _world.Bus.WaitForCountAsync(BrokerNames.DeliveriesQueue(0), 0);
        receiver.Release();

        await _world.EndedAsync();
        Assert.Equal(1, receiver.Requests.Count);
        Assert.Single(await _world.AttemptsAsync());
    }

    [Fact]
    public async Task Deliveries_announced_again_at_all_distances_are_sent_once()
    {
        const int Deliveries = 600;
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(_receiver.Url), Deliveries);
        await _world.StartDispatcherAsync();

        // The later rounds come while the first is looked at, sent, recorded and acknowledged.
        await Task.WhenAll(
            _world.AnnounceAsync(accepted), _world.AnnounceAsync(accepted, number: 2),
            _world.AnnounceAsync(accepted.Reverse()), _world.AnnounceAsync(accepted.Reverse(), number: 2));

        await _world.EndedAsync();
        Assert.Equal(Deliveries, (await _world.AttemptsAsync()).Count);
        Assert.DoesNotContain(_receiver.Requests.CountBy(TestEvent.IdOf), requests => requests.Value > 1);
    }

    [Fact]
    public async Task A_delivery_that_has_ended_is_acknowledged_and_nothing_more()
    {
        string[] ends = ["delivered", "failed", "exhausted", "canceled"];
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(_receiver.Url), ends.Length);
        for (var place = 0; place < ends.Length; place++)
        {
            await _world.Database.ExecuteAsync("UPDATE deliveries SET status = $1 WHERE id = $2", ends[place], accepted[place].Id);
        }

        await _world.StartDispatcherAsync();

        await _world.AnnounceAsync(accepted);
        await _world.AnnounceAsync(accepted, number: 2);

        await AssertNothingIsSentAsync();
        Assert.Equal([.. ends, "delivered"], await _world.DeliveriesAsync<string>("status"));
    }

    [Fact]
    public async Task An_unknown_delivery_is_acknowledged_and_nothing_more()
    {
        await _world.StartDispatcherAsync();

        await _world.AnnounceAsync([new Accepted(Guid.CreateVersion7(), TimeProvider.System.GetUtcNow(), Guid.CreateVersion7(), "evt_1")]);
        await _world.AnnounceAsync([new Accepted(Guid.CreateVersion7(), DateTimeOffset.UnixEpoch, Guid.CreateVersion7(), "evt_2")]);

        await AssertNothingIsSentAsync();
    }

    [Fact]
    public async Task An_attempt_that_was_made_already_is_acknowledged_and_nothing_more()
    {
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(_receiver.Url));
        await _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 2, next_attempt_at = now() + interval '1 hour'");
        await _world.StartDispatcherAsync();

        await _world.AnnounceAsync(accepted, number: 1);
        await _world.AnnounceAsync(accepted, number: 2);

        await AssertNothingIsSentAsync();
        Assert.Equal([true, false], await _world.DeliveriesAsync<bool>("status = 'pending' AND last_attempt = 2 AND due_at IS NULL"));
    }

    public async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        await _world.DisposeAsync();
    }

    /// <summary>What is sent after it shows that it was taken.</summary>
    private async Task AssertNothingIsSentAsync()
    {
        await _world.SettledAsync();
        await _world.DeliverAsync(await _world.SubscribeAsync($"{_receiver.Url}/afterwards"));
        await _world.HaveAttemptsAsync(1);
        await _world.SettledAsync();
        Assert.Equal("/afterwards", Assert.Single(_receiver.Requests).Path);
        Assert.Single(await _world.AttemptsAsync());
        Assert.Empty(await _world.ParkedAsync());
    }
}
