using Webhooks.Contracts;
using Webhooks.Subscriptions;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Outages;

/// <summary>The message that it did not acknowledge is the only trace of the step that it owed.</summary>
public sealed class When_a_dispatcher_dies_between_its_record_and_the_next_announcement : IAsyncLifetime
{
    private World _world = null!;
    private TestReceiver _receiver = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _receiver = await TestReceiver.StartAsync();
    }

    [Fact]
    public async Task Should_be_followed_by_one_that_announces_the_next_attempt()
    {
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(_receiver.Url, timeout: HeldReceiver.Deadline));
        await HaveFailedOnceAsync(next: TimeSpan.Zero);
        await _world.AnnounceAsync(accepted);
        await _world.Bus.TouchAsync(BrokerNames.DeliveriesQueue(0));

        await _world.StartDispatcherAsync();

        await _world.EndedAsync();
        Assert.Equal([2], (await _world.AttemptsAsync()).Select(attempt => attempt.Number));
        Assert.Equal(1, _receiver.Count);
    }

    [Fact]
    public async Task Should_leave_to_the_row_what_is_left_of_the_wait()
    {
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(_receiver.Url, timeout: HeldReceiver.Deadline));
        await HaveFailedOnceAsync(next: TimeSpan.FromSeconds(2));
        var due = Assert.Single(await _world.DeliveriesAsync<DateTimeOffset>("next_attempt_at"));
        await _world.AnnounceAsync(accepted);
        await _world.Bus.TouchAsync(BrokerNames.DeliveriesQueue(0));

        await _world.StartDispatcherAsync();

        await _world.EndedAsync();
        Assert.True(Assert.Single(_receiver.Requests).ReceivedAt >= due, "The second attempt was early.");
        Assert.Equal([2], (await _world.AttemptsAsync()).Select(attempt => attempt.Number));
    }

    // Announced by both for the same moment it would be sent by two dispatchers at once.
    [Fact]
    public async Task Should_be_followed_by_one_that_lets_what_the_other_may_have_announced_go_before()
    {
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(_receiver.Url, timeout: HeldReceiver.Deadline));
        await HaveFailedOnceAsync(next: TimeSpan.FromHours(1));
        await _world.AnnounceAsync(accepted);
        await _world.Bus.TouchAsync(BrokerNames.DeliveriesQueue(0));

        await _world.StartDispatcherAsync();

        await _world.SettledAsync();
        Assert.Equal([true], await _world.DeliveriesAsync<bool>("coalesce(due_at = next_attempt_at + interval '5 seconds', false)"));
    }

    [Theory]
    [InlineData("gone", SubscriptionState.Disabled)]
    [InlineData("rejected", SubscriptionState.Active)]
    public async Task Should_be_followed_by_one_that_disables_a_subscription_whose_receiver_is_gone(string outcome, SubscriptionState expected)
    {
        var subscription = await _world.SubscribeAsync(_receiver.Url);
        var accepted = await _world.AcceptAsync(subscription);
        await _world.Database.ExecuteAsync("UPDATE deliveries SET status = 'failed', last_attempt = 1, finished_at = now()");
        await _world.Database.ExecuteAsync(
            """
            INSERT INTO attempts (created_at, delivery_id, number, started_at, duration_ms, outcome, request_url, request_headers)
            SELECT created_at, id, 1, now(), 1, $1, $2, '' FROM deliveries
            """,
            outcome, _receiver.Url);
        await _world.AnnounceAsync(accepted);
        await _world.Bus.TouchAsync(BrokerNames.DeliveriesQueue(0));

        await _world.StartDispatcherAsync();

        await _world.SettledAsync();
        Assert.Equal(expected, (await _world.Subscriptions.FindAsync(subscription.Id, World.Tenant, CancellationToken.None))!.State);
        Assert.Equal(0, _receiver.Count);
    }

    public async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        await _world.DisposeAsync();
    }

    private Task HaveFailedOnceAsync(TimeSpan next) =>
        _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 1, next_attempt_at = now() + $1", next);
}
