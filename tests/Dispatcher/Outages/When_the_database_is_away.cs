using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Webhooks.Contracts;
using Webhooks.Database.Faults;
using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Dispatcher.Tests.Outages;

public sealed class When_the_database_is_away : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Should_hold_the_outcomes_and_take_no_more_and_record_all_once_afterwards()
    {
        await using var receiver = await HeldReceiver.StartAsync();
        await using var relay = new TcpRelay("127.0.0.1", _world.Postgres.Port);
        var subscription = await _world.SubscribeAsync(receiver.Requests.Url, timeout: HeldReceiver.Deadline);
        var dispatcher = await _world.StartDispatcherAsync(_world.PostgresAt(relay.Port));
        var gate = dispatcher.Services.GetRequiredService<DatabaseGate>();
        await _world.DeliverAsync(subscription, count: 30);
        await receiver.Requests.WaitForAsync(30);

        relay.Cut();
        receiver.Release();
        await Eventually.TrueAsync(() => !gate.IsOpen, World.Limit, "the outage to be seen");
        await Eventually.TrueAsync(async () => await _world.ConsumersAsync() == 0, World.Limit, "the consumers to be paused");
        var connections = await _world.ConnectionsAsync();
        await _world.DeliverAsync(subscription, count: 10);
        Assert.Empty(await _world.AttemptsAsync());
        Assert.Equal((World.MessagesOf(30), World.MessagesOf(10)), (await _world.UnacknowledgedAsync(BrokerNames.DeliveriesQueue(0)), await _world.Bus.CountAsync(BrokerNames.DeliveriesQueue(0))));

        relay.Restore();
        await _world.EndedAsync();

        // The connections are the same, so nothing was handed over twice and no delivery counted.
        Assert.Equal(connections, await _world.ConnectionsAsync());
        Assert.Equal(40, receiver.Requests.Count);
        Assert.Equal(Enumerable.Repeat(1, 40), (await _world.AttemptsAsync()).Select(attempt => attempt.Number));
        Assert.All(await _world.DeliveriesAsync<string>("status"), status => Assert.Equal("delivered", status));
        Assert.Empty(await _world.ParkedAsync());
    }

    [Fact]
    public async Task Should_hold_what_it_could_not_look_at_and_announce_what_is_due_afterwards()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await using var relay = new TcpRelay("127.0.0.1", _world.Postgres.Port);
        var subscription = await _world.SubscribeAsync(receiver.Url);
        var dispatcher = await _world.StartDispatcherAsync(_world.PostgresAt(relay.Port));
        var gate = dispatcher.Services.GetRequiredService<DatabaseGate>();
        await _world.DeliverAsync(subscription);
        await _world.EndedAsync();

        relay.Cut();
        await _world.DeliverAsync(subscription, count: 20);
        await Eventually.TrueAsync(() => !gate.IsOpen, World.Limit, "the outage to be seen");
        var due = await _world.AcceptAsync(subscription);
        await _world.MakeDueAsync(due[0], TimeProvider.System.GetUtcNow());
        relay.Restore();

        await _world.EndedAsync();
        Assert.Equal(22, receiver.Count);
        Assert.Equal(22, (await _world.AttemptsAsync()).Count);
        Assert.False(dispatcher.Ended.IsCancellationRequested);
    }

    // In a delay queue its whole wait would begin only now, and the row would take it for lost.
    [Fact]
    public async Task Should_leave_a_retry_to_its_row_when_the_record_came_late()
    {
        var answered = new TaskCompletionSource();
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(503));
        await using var relay = new TcpRelay("127.0.0.1", _world.Postgres.Port);
        var subscription = await _world.SubscribeAsync(receiver.Url, new CustomRetry { MaxAttempts = 2, InitialDelaySeconds = 3_600 }, HeldReceiver.Deadline);
        var dispatcher = await _world.StartDispatcherAsync(_world.PostgresAt(relay.Port), World.NoBreaker);
        var gate = dispatcher.Services.GetRequiredService<DatabaseGate>();
        await _world.ProveDelayAsync(dispatcher, subscription);
        await _world.SettledAsync();
        receiver.AnswerWith = _ => new Answer(503) { After = answered.Task };
        var late = await _world.DeliverAsync(subscription);
        await Eventually.TrueAsync(() => receiver.Requests.Any(request => TestEvent.IdOf(request) == late[0].EventId), World.Limit, "the attempt");

        relay.Cut();
        answered.SetResult();
        await Eventually.TrueAsync(() => !gate.IsOpen, World.Limit, "the outage to be seen");
        var outage = Stopwatch.StartNew();
        await Eventually.TrueAsync(() => outage.Elapsed > TimeSpan.FromSeconds(6), World.Limit, "an outage that is long enough");
        relay.Restore();

        await Eventually.TrueAsync(
            async () => (await _world.AttemptsAsync()).Any(attempt => attempt.DeliveryId == late[0].Id), World.Limit, "the record");
        await _world.SettledAsync();
        Assert.True((await _world.DeliveriesAsync<bool>("status = 'pending' AND coalesce(due_at = next_attempt_at, false)"))[^1]);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
