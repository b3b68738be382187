using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Health;

/// <summary>Retry-After is meant for the whole receiver, not for the one delivery that it was answered to.</summary>
public sealed class When_a_receiver_asks_for_time : IAsyncLifetime
{
    private static readonly TimeSpan Rounding = TimeSpan.FromMilliseconds(5);

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task Should_send_nothing_else_to_it_before(int status)
    {
        await using var receiver = await TestReceiver.StartAsync(request => request.Number == 1 ? new Answer(status).With("Retry-After", "6") : Answer.Ok);
        var subscription = await _world.SubscribeAsync(receiver.Url, new CustomRetry { MaxAttempts = 5, InitialDelaySeconds = 0.1 });
        await _world.StartDispatcherAsync();
        await _world.StartDispatcherAsync();
        await _world.DeliverAsync(subscription);
        await Eventually.TrueAsync(async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM lanes") == 1, World.Limit, "a lane");

        await _world.DeliverAsync(subscription, count: 20);

        await _world.EndedAsync();
        var attempts = (await _world.AttemptsAsync()).OrderBy(attempt => attempt.StartedAt).ToList();
        Assert.Equal(22, attempts.Count);
        Assert.All(attempts.Skip(1), attempt => Assert.True(
            attempt.StartedAt >= attempts[0].EndedAt + TimeSpan.FromSeconds(6) - Rounding, $"An attempt started {attempt.StartedAt - attempts[0].EndedAt} after the receiver had asked for 6 s."));
        Assert.All(await _world.DeliveriesAsync<string>("status"), ended => Assert.Equal("delivered", ended));
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM notices"));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
