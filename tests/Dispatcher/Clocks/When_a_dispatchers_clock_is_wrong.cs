using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Clocks;

/// <summary>A machine has started with a clock that is days off. What it records, others judge.</summary>
public sealed class When_a_dispatchers_clock_is_wrong : IAsyncLifetime
{
    private static readonly (string, string)[] QuickBreaker =
        [("Webhooks:Breaker:FailingFor", "00:00:00"), ("Webhooks:Breaker:FirstWait", "00:00:01"), ("Webhooks:Breaker:LongestWait", "00:00:01")];

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Theory]
    [InlineData(-6)]
    [InlineData(6)]
    public async Task Should_leave_a_receiver_alone_and_try_it_again_as_at_any_other_time(int daysAhead)
    {
        var isDown = true;
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(Volatile.Read(ref isDown) ? 503 : 200));
        var subscription = await _world.SubscribeAsync(receiver.Url, new CustomRetry { MaxAttempts = 10, InitialDelaySeconds = 0.1, MaxDelaySeconds = 0.1 });
        await _world.StartDispatcherAsync(new WrongClock(TimeSpan.FromDays(daysAhead)), QuickBreaker);

        await _world.DeliverAsync(subscription, count: 6);
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM subscription_health WHERE state = 'open'") == 1, World.Limit, "the breaker to open");

        Assert.Equal("0 0", await OffAsync("SELECT abs(extract(epoch FROM probe_at - now())), abs(extract(epoch FROM unsuccessful_since - now())) FROM subscription_health"));
        Volatile.Write(ref isDown, false);
        await _world.EndedAsync();
        Assert.All(await _world.DeliveriesAsync<string>("status"), status => Assert.Equal("delivered", status));
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE finished_at NOT BETWEEN created_at - interval '5 s' AND now() + interval '5 s'"));
        Assert.Equal(SubscriptionState.Active, (await _world.Subscriptions.FindAsync(subscription.Id, tenantId: null, CancellationToken.None))!.State);
    }

    [Fact]
    public async Task Should_not_have_a_subscription_given_up_that_fails_at_another_dispatcher_too()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(503));
        var subscription = await _world.SubscribeAsync(receiver.Url, new CustomRetry { MaxAttempts = 1 });
        (string, string)[] days = [("Webhooks:Breaker:DisableAfter", "00:30:00")];
        var wrong = await _world.StartDispatcherAsync(new WrongClock(TimeSpan.FromDays(-6)), days);
        await _world.DeliverAsync(subscription, count: 3);
        await _world.HaveAttemptsAsync(3);
        await wrong.DisposeAsync();

        await _world.StartDispatcherAsync(days);
        await _world.DeliverAsync(subscription, count: 3);
        await _world.HaveAttemptsAsync(6);

        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM subscription_health WHERE last_failure_at - unsuccessful_since > interval '10 min'"));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    /// <summary>Hours, of each.</summary>
    private async Task<string> OffAsync(string seconds)
    {
        await using var command = _world.Database.CreateCommand(seconds);
        await using var row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        return string.Join(' ', Enumerable.Range(0, row.FieldCount).Select(column => (int)(row.GetDecimal(column) / 3_600)));
    }

    private sealed class WrongClock(TimeSpan ahead) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + ahead;
    }
}
