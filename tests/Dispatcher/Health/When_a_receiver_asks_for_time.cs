using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Health;

/// <summary>Retry-After is meant for the whole receiver, not for the one delivery that it was answered to.</summary>
public sealed class When_a_receiver_asks_for_time : IAsyncLifetime
{
    private static readonly TimeSpan Rounding = TimeSpan.FromMilliseconds(5);

    // Between the end of an answer and the moment at which it is taken in: less than lies between two at a rate.
    private static readonly TimeSpan TakingIn = TimeSpan.FromMilliseconds(50);

    // The same on a busy machine: two at half a second's distance.
    private static readonly TimeSpan TakingInAtLeisure = TimeSpan.FromSeconds(1);

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
        // It is not needed any more when the six seconds are over.
        await Eventually.TrueAsync(
            async () => await _world.LanesAsync() == 1 || await _world.Database.ScalarAsync<long>("SELECT count(*) FROM attempts") > 1, World.Limit, "a lane");

        await _world.DeliverAsync(subscription, count: 20);

        await _world.EndedAsync();
        var attempts = (await _world.AttemptsAsync()).OrderBy(attempt => attempt.StartedAt).ToList();
        Assert.Equal(22, attempts.Count);
        Assert.All(attempts.Skip(1), attempt => Assert.True(
            attempt.StartedAt >= attempts[0].EndedAt + TimeSpan.FromSeconds(6) - Rounding, $"An attempt started {attempt.StartedAt - attempts[0].EndedAt} after the receiver had asked for 6 s."));
        Assert.All(await _world.DeliveriesAsync<string>("status"), ended => Assert.Equal("delivered", ended));
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM notices"));
    }

    [Fact]
    public async Task Should_send_it_little_at_first_afterwards()
    {
        // Slow enough that all which may be started is on the wire when one is answered.
        await using var receiver = await TestReceiver.StartAsync(
            request => request.Number == 1 ? new Answer(503).With("Retry-After", "3") : Answer.Ok with { Delay = TimeSpan.FromMilliseconds(300) });
        var subscription = await _world.SubscribeAsync(receiver.Url, new CustomRetry { MaxAttempts = 5, InitialDelaySeconds = 0.1 });
        await _world.StartDispatcherAsync();
        await _world.StartDispatcherAsync();
        await _world.DeliverAsync(subscription);
        await receiver.WaitForAsync(1);
        await Eventually.TrueAsync(async () => await _world.LanesAsync() == 1, World.Limit, "a lane");

        await _world.DeliverAsync(subscription, count: 200);

        await _world.EndedAsync();
        var attempts = (await _world.AttemptsAsync()).OrderBy(attempt => attempt.StartedAt).Skip(1).ToList();
        Assert.Equal(201, attempts.Count);
        Assert.All(attempts, attempt =>
        {
            var answered = attempts.Count(other => other.EndedAt <= attempt.StartedAt);
            var onTheWire = attempts.Count(other => other.StartedAt <= attempt.StartedAt && other.EndedAt > attempt.StartedAt);
            Assert.True(
                answered >= 7 || onTheWire <= 1 << answered, $"{onTheWire} attempts were on the wire when {answered} had been answered.");
        });
        Assert.All(await _world.DeliveriesAsync<string>("status"), ended => Assert.Equal("delivered", ended));
        Assert.Equal(0, await _world.Database.ScalarAsync<int>("SELECT allowance FROM subscription_health"));
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM notices"));
    }

    [Fact]
    public async Task Should_send_nothing_more_of_what_a_rate_has_prepared()
    {
        await _world.StartDispatcherAsync();
        await Promptly.MostAsync(TakingIn, rounds: 3, async () =>
        {
            await using var receiver = await TestReceiver.StartAsync(request => request.Number == 1 ? new Answer(429).With("Retry-After", "4") : Answer.Ok);
            // A tenth of a second lies between two, and what starts within the next tenth is prepared already.
            var subscription = await _world.SubscribeAsync(World.SettingsFor(receiver.Url, "*") with { RateLimit = 10 });
            await _world.AcceptIntoLaneAsync(subscription, count: 10);

            await _world.EndedAsync();

            var attempts = (await _world.AttemptsAsync()).Where(attempt => attempt.Url.TrimEnd('/') == receiver.Url).ToList();
            var answeredAt = Assert.Single(attempts, attempt => attempt.Outcome == "throttled").EndedAt;
            Assert.Equal(11, attempts.Count);
            // How long after the answer the last one started that did not wait.
            return attempts.Select(attempt => attempt.StartedAt - answeredAt).Where(after => after < TimeSpan.FromSeconds(4) - Rounding).Max();
        });
    }

    [Fact]
    public async Task Should_wait_from_the_answer_on_and_not_only_from_its_record()
    {
        await using var asking = await TestReceiver.StartAsync(_ => new Answer(429).With("Retry-After", "600"));
        await using var other = await TestReceiver.StartAsync();
        var subscription = await _world.SubscribeAsync(World.SettingsFor(asking.Url, "*") with { RateLimit = 2 });
        var neighbour = await _world.SubscribeAsync(World.SettingsFor(other.Url, "*") with { RateLimit = 10 });
        await _world.StartDispatcherAsync();
        await using var stalling = await _world.Database.HoldAsync("LOCK TABLE attempts IN SHARE MODE");

        await _world.AcceptIntoLaneAsync(subscription, count: 50);
        await asking.WaitForAsync(1);
        // As long as its neighbour, five times as quick, takes for these.
        await _world.AcceptIntoLaneAsync(neighbour, count: 50);
        await other.WaitForAsync(20);

        var asked = asking.Count;
        await stalling.DisposeAsync();
        await _world.HaveStatusAsync("delivered", 50);

        Assert.Equal(asked, asking.Count);
        // One, where the first answer comes within the half second that lies between two.
        var attempts = (await _world.AttemptsAsync()).Where(attempt => attempt.Outcome == "throttled").ToList();
        Assert.Equal(asked, attempts.Count);
        var answeredAt = attempts.Min(attempt => attempt.EndedAt);
        Assert.All(attempts, attempt => Assert.True(
            attempt.StartedAt <= answeredAt + TakingInAtLeisure, $"An attempt started {attempt.StartedAt - answeredAt} after the receiver had asked for ten minutes."));
    }

    [Fact]
    public async Task Should_wait_from_the_answer_on_without_a_lane_too()
    {
        await using var asking = await TestReceiver.StartAsync(_ => new Answer(503).With("Retry-After", "600"));
        var subscription = await _world.SubscribeAsync(asking.Url);
        await _world.StartDispatcherAsync();
        await using var stalling = await _world.Database.HoldAsync("LOCK TABLE attempts IN SHARE MODE");
        await _world.DeliverAsync(subscription);
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM pg_locks WHERE relation = 'attempts'::regclass AND NOT granted") > 0, World.Limit, "a record that waits");

        await _world.DeliverAsync(subscription, count: 20);

        // A record that takes so long is waited for no longer.
        await asking.WaitForAsync(2);
        await stalling.DisposeAsync();
        await Eventually.TrueAsync(async () => (await _world.AttemptsAsync()).Count > 1, World.Limit, "the records");
        var attempts = (await _world.AttemptsAsync()).OrderBy(attempt => attempt.StartedAt).ToList();
        Assert.All(attempts.Skip(1), attempt => Assert.True(
            attempt.StartedAt >= attempts[0].EndedAt + TimeSpan.FromSeconds(0.9), $"An attempt started {attempt.StartedAt - attempts[0].EndedAt} after the receiver had asked for ten minutes."));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
