using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Webhooks.Contracts;
using Webhooks.Dispatcher.Deliveries;
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

    [Fact]
    public async Task A_delivery_announced_twice_in_one_group_is_sent_once()
    {
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(_receiver.Url), count: 20);
        await _world.AnnounceAsync(accepted.Concat(accepted));

        await _world.StartDispatcherAsync();

        await _world.EndedAsync();
        Assert.Equal(20, _receiver.Count);
        Assert.Equal(20, (await _world.AttemptsAsync()).Count);
    }

    [Fact]
    public async Task A_delivery_announced_again_while_it_is_sent_is_not_sent_again()
    {
        await using var receiver = await HeldReceiver.StartAsync();
        await _world.StartDispatcherAsync();
        var accepted = await _world.DeliverAsync(await _world.SubscribeAsync(receiver.Requests.Url));
        await receiver.Requests.WaitForAsync(1);

        await _world.AnnounceAsync(accepted);
        await _world.Bus.WaitForCountAsync(BrokerNames.DeliveriesQueue(0), 0);
        receiver.Release();

        await _world.EndedAsync();
        Assert.Equal(1, receiver.Requests.Count);
        Assert.Single(await _world.AttemptsAsync());
    }

    [Fact]
    public async Task A_delivery_is_in_flight_before_its_row_is_read()
    {
        // The other way round, a row read while an attempt runs would be gone by after its end, and the attempt made again.
        var dispatcher = await _world.StartDispatcherAsync();
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(_receiver.Url));
        await using var session = await _world.Database.OpenConnectionAsync();
        await using var lockOut = await session.BeginTransactionAsync();
        await using var nobodyReads = new NpgsqlCommand("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE", session);
        await nobodyReads.ExecuteNonQueryAsync();

        await _world.AnnounceAsync(accepted);

        await Eventually.TrueAsync(() => dispatcher.Services.GetRequiredService<InFlight>().Count == 1, TimeSpan.FromSeconds(10), "the delivery to be in flight");
        await lockOut.CommitAsync();
        await _world.EndedAsync();
        Assert.Equal(1, _receiver.Count);
    }

    [Fact]
    public async Task Deliveries_announced_twice_at_all_distances_are_sent_once()
    {
        const int Deliveries = 600;
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(_receiver.Url), Deliveries);
        await _world.StartDispatcherAsync();

        // The second round comes while the first is looked at, sent, recorded and acknowledged.
        await Task.WhenAll(_world.AnnounceAsync(accepted), _world.AnnounceAsync(accepted, number: 2), _world.AnnounceAsync(accepted.Reverse()), _world.AnnounceAsync(accepted.Reverse(), number: 2));

        await _world.EndedAsync();
        Assert.Equal(Deliveries, (await _world.AttemptsAsync()).Count);
        Assert.DoesNotContain(_receiver.Requests.CountBy(TestEvent.IdOf), requests => requests.Value > 1);
    }

    [Theory]
    [InlineData("delivered")]
    [InlineData("failed")]
    [InlineData("exhausted")]
    [InlineData("canceled")]
    public async Task A_delivery_that_has_ended_is_acknowledged_and_nothing_more(string status)
    {
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(_receiver.Url));
        await _world.Database.ExecuteAsync("UPDATE deliveries SET status = $1", status);
        await _world.StartDispatcherAsync();

        await _world.AnnounceAsync(accepted);
        await _world.AnnounceAsync(accepted, number: 2);

        await AssertNothingIsSentAsync();
        Assert.Equal([status, "delivered"], await _world.DeliveriesAsync<string>("status"));
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
        await HaveFailedAsync(attempts: 2, next: TimeSpan.FromHours(1));
        await _world.StartDispatcherAsync();

        await _world.AnnounceAsync(accepted, number: 1);
        await _world.AnnounceAsync(accepted, number: 2);

        await AssertNothingIsSentAsync();
        Assert.Equal([true, false], await _world.DeliveriesAsync<bool>("status = 'pending' AND last_attempt = 2 AND due_at IS NULL"));
    }

    [Fact]
    public async Task Whoever_gets_the_message_of_one_that_died_after_its_record_announces_the_next_attempt()
    {
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(_receiver.Url));
        await HaveFailedAsync(attempts: 1, next: TimeSpan.Zero);
        await _world.AnnounceAsync(accepted);
        await _world.Bus.TouchAsync(BrokerNames.DeliveriesQueue(0));

        await _world.StartDispatcherAsync();

        await _world.EndedAsync();
        Assert.Equal([2], (await _world.AttemptsAsync()).Select(attempt => attempt.Number));
        Assert.Equal(1, _receiver.Count);
    }

    [Fact]
    public async Task And_when_the_next_attempt_is_not_due_yet_the_row_keeps_what_is_left_of_the_wait()
    {
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(_receiver.Url));
        await HaveFailedAsync(attempts: 1, next: TimeSpan.FromSeconds(2));
        var due = Assert.Single(await _world.DeliveriesAsync<DateTimeOffset>("next_attempt_at"));
        await _world.AnnounceAsync(accepted);
        await _world.Bus.TouchAsync(BrokerNames.DeliveriesQueue(0));

        await _world.StartDispatcherAsync();

        await _world.EndedAsync();
        Assert.True(Assert.Single(_receiver.Requests).ReceivedAt >= due, "The second attempt was early.");
        Assert.Equal([2], (await _world.AttemptsAsync()).Select(attempt => attempt.Number));
    }

    [Fact]
    public async Task Of_two_dispatchers_that_make_the_same_attempt_one_records_it_and_goes_on()
    {
        const int Deliveries = 20;
        await using var receiver = await HeldReceiver.StartAsync(_ => new Answer(500));
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(receiver.Requests.Url), Deliveries);
        await _world.StartDispatcherAsync();
        await _world.StartDispatcherAsync();
        await Eventually.TrueAsync(async () => await _world.ConsumersAsync() == 4, World.Limit, "both dispatchers to consume");

        // The queue hands one copy to each of its two consumers.
        foreach (var delivery in accepted)
        {
            await _world.AnnounceAsync([delivery]);
            await _world.AnnounceAsync([delivery]);
        }

        await receiver.Requests.WaitForAsync(Deliveries + 1);
        receiver.Release();

        await _world.HaveAttemptsAsync(Deliveries);
        await _world.SettledAsync();
        Assert.Equal(accepted.Select(delivery => (delivery.Id, 1)).Order(), (await _world.AttemptsAsync()).Select(attempt => (attempt.DeliveryId, attempt.Number)).Order());
        Assert.Equal(Deliveries, await _world.Bus.CountAsync(BrokerNames.Delay(5_000)));
    }

    public async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        await _world.DisposeAsync();
    }

    private Task HaveFailedAsync(int attempts, TimeSpan next) =>
        _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = $1, next_attempt_at = now() + $2", attempts, next);

    /// <summary>What is sent after it shows that it was taken.</summary>
    private async Task AssertNothingIsSentAsync()
    {
        await _world.SettledAsync();
        await _world.DeliverAsync(await _world.SubscribeAsync($"{_receiver.Url}/afterwards"));
        await _world.HaveAttemptsAsync(1);
        await _world.SettledAsync();
        Assert.Equal("/afterwards", Assert.Single(_receiver.Requests).Path);
        Assert.Single(await _world.AttemptsAsync());
        Assert.Equal(0, await _world.Bus.CountAsync(BrokerNames.ParkingQueue));
    }
}
