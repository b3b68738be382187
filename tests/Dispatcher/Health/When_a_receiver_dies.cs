using System.Text.Json;
using Webhooks.Contracts;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Health;

/// <summary>
/// The breaker opens, deliveries wait, and from time to time one of them is sent to see; when the receiver is back, all of them are
/// delivered. The times are shorter than the documented ones, and in the same relation.
/// </summary>
public sealed class When_a_receiver_dies : IAsyncLifetime
{
    private static readonly CustomRetry Often = new() { MaxAttempts = 20, InitialDelaySeconds = 0.1, MaxDelaySeconds = 0.2 };
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Rounding = TimeSpan.FromMilliseconds(5);

    private static readonly (string, string)[] Settings =
        [("Webhooks:Breaker:FailingFor", "00:00:01"), ("Webhooks:Breaker:FirstWait", "00:00:04"), ("Webhooks:Breaker:LongestWait", "00:00:06"), ("Webhooks:Lanes:IdleTime", "00:00:01")];

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Should_send_only_probes_until_it_is_back_and_then_everything()
    {
        var status = 503;
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(status));
        await using var other = await TestReceiver.StartAsync();
        var (subscription, neighbour) = (await _world.SubscribeAsync(receiver.Url, Often), await _world.SubscribeAsync(other.Url));
        await _world.StartDispatcherAsync(Settings);
        await _world.DeliverAsync(subscription, count: 10);
        await OpenAsync();
        var openedAt = await _world.Database.ScalarAsync<DateTime>("SELECT opened_at FROM subscription_health");

        var behind = await _world.DeliverAsync(subscription, count: 50);
        await _world.DeliverAsync(neighbour, count: 20);
        await other.WaitForAsync(20);
        await ProbedAsync(openedAt, count: 3);

        // Each at least as long after the end of the one before as it is to wait, and there is nothing else.
        var probes = (await ProbesAsync(openedAt)).Take(3).ToList();
        Assert.True(probes[0].StartedAt - openedAt >= FirstWait - Rounding, $"The first probe came {probes[0].StartedAt - openedAt} after the breaker opened.");
        Assert.All(probes.Zip(probes.Skip(1)), pair => Assert.True(pair.Second.StartedAt - pair.First.EndedAt >= TimeSpan.FromSeconds(6) - Rounding));
        Assert.Equal(["open"], await StatesAsync());

        status = 200;
        await _world.EndedAsync();

        Assert.All(await _world.DeliveriesAsync<string>("status"), ended => Assert.Equal("delivered", ended));
        // What came while it was open was tried by nobody, but for the probes, and knows how long it has waited.
        Assert.Equal(50, await _world.Database.ScalarAsync<long>(
            "SELECT count(*) FROM deliveries WHERE id = ANY ($1) AND held >= interval '4 seconds'", behind.Select(delivery => delivery.Id).ToArray()));
        Assert.True(await _world.Database.ScalarAsync<long>(
            "SELECT count(*) FROM attempts WHERE delivery_id = ANY ($1) AND outcome <> 'succeeded'", behind.Select(delivery => delivery.Id).ToArray()) <= 10);
        await Eventually.TrueAsync(async () => (await StatesAsync()).SequenceEqual(["healthy"]), World.Limit, "a receiver that is healthy again");
        Assert.Equal(["open", "recovering", "healthy"], (await ToldAsync()).Where(state => state != "failing"));
        await ClosedAsync();
    }

    [Fact]
    public async Task Should_go_back_to_messages_when_it_has_been_well_for_a_while()
    {
        var status = 503;
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(status));
        var subscription = await _world.SubscribeAsync(receiver.Url, Often);
        await _world.StartDispatcherAsync(Settings);
        await _world.DeliverAsync(subscription, count: 20);
        await OpenAsync();
        status = 200;
        await _world.EndedAsync();
        await ClosedAsync();

        var delivery = Assert.Single(await _world.DeliverAsync(subscription));

        await _world.EndedAsync();
        Assert.Equal("delivered", await _world.Database.ScalarAsync<string>("SELECT status FROM deliveries WHERE id = $1", delivery.Id));
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM lanes"));
    }

    [Fact]
    public async Task Should_see_by_another_delivery_than_the_last_time()
    {
        Accepted? poison = null;
        await using var receiver = await TestReceiver.StartAsync();
        receiver.AnswerWith = request => poison is null || TestEvent.IdOf(request) == poison.EventId ? new Answer(503) : Answer.Ok;
        var subscription = await _world.SubscribeAsync(receiver.Url, Often);
        await _world.StartDispatcherAsync(Settings);
        poison = Assert.Single(await _world.DeliverAsync(subscription));
        await OpenAsync();
        var openedAt = await _world.Database.ScalarAsync<DateTime>("SELECT opened_at FROM subscription_health");
        await ProbedAsync(openedAt, count: 1);

        // They become due after its next attempt.
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<bool>("SELECT lane_due_at < clock_timestamp() FROM deliveries WHERE id = $1 AND lane_due_at > $2", poison.Id, openedAt + FirstWait),
            World.Limit, "the next attempt to be due");
        var others = (await _world.DeliverAsync(subscription, count: 5)).Select(delivery => delivery.Id).ToArray();
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE id = ANY ($1) AND (lane_due_at IS NOT NULL OR status <> 'pending')", others) == 5,
            World.Limit, "the others to be in the lane");
        var all = TimeProvider.System.GetUtcNow();

        await _world.EndedAsync();
        Assert.Equal(["delivered", "delivered", "delivered", "delivered", "delivered", "exhausted"], (await _world.DeliveriesAsync<string>("status")).Order());
        var firstSuccess = (await _world.AttemptsAsync()).Where(attempt => attempt.Outcome == "succeeded").Min(attempt => attempt.StartedAt);
        // On a machine that has the time there is one before the others have come, and none of it again.
        Assert.DoesNotContain(await ProbesAsync(openedAt), probe => probe.StartedAt > all && probe.StartedAt < firstSuccess);
    }

    [Fact]
    public async Task Should_lose_nothing_when_the_dispatcher_that_probes_is_killed()
    {
        var status = 503;
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(status));
        var subscription = await _world.SubscribeAsync(receiver.Url, Often);
        await using var killed = await _world.StartChildAsync(Settings);
        await _world.DeliverAsync(subscription, count: 10);
        await OpenAsync();
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM lanes WHERE holder IS NOT NULL") == 1, World.Limit, "a lane that is held");
        await _world.StartDispatcherAsync(Settings);

        await killed.KillAsync();
        await _world.DeliverAsync(subscription, count: 10);
        status = 200;

        await _world.EndedAsync();
        Assert.All(await _world.DeliveriesAsync<string>("status"), ended => Assert.Equal("delivered", ended));
        Assert.Equal(20, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM attempts WHERE outcome = 'succeeded'"));
    }

    [Fact]
    public async Task Should_try_a_new_receiver_at_once()
    {
        await using var dead = await TestReceiver.StartAsync(_ => new Answer(503));
        await using var alive = await TestReceiver.StartAsync();
        var subscription = await _world.SubscribeAsync(dead.Url, Often);
        await _world.StartDispatcherAsync([.. Settings, ("Webhooks:Breaker:FirstWait", "01:00:00"), ("Webhooks:Breaker:LongestWait", "01:00:00")]);
        await _world.DeliverAsync(subscription, count: 10);
        await OpenAsync();

        await _world.ChangeAsync(subscription, current => current with { Settings = current.Settings with { Url = alive.Url } });

        await _world.EndedAsync();
        Assert.All(await _world.DeliveriesAsync<string>("status"), ended => Assert.Equal("delivered", ended));
    }

    [Fact]
    public async Task Should_keep_no_lane_for_a_subscription_that_was_disabled()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(503));
        var subscription = await _world.SubscribeAsync(receiver.Url, Often);
        await _world.StartDispatcherAsync([.. Settings, ("Webhooks:Breaker:FirstWait", "01:00:00"), ("Webhooks:Breaker:LongestWait", "01:00:00")]);
        await _world.DeliverAsync(subscription, count: 10);
        await OpenAsync();

        await _world.ChangeAsync(subscription, current => current with { State = SubscriptionState.Disabled });

        await ClosedAsync();
        // Those whose retries were not in the lane yet are the canceler's.
        await _world.EndedAsync();
        Assert.All(await _world.DeliveriesAsync<string>("status"), ended => Assert.Equal("canceled", ended));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private Task OpenAsync() => Eventually.TrueAsync(
        async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM subscription_health JOIN lanes USING (subscription_id) WHERE state = 'open'") == 1,
        World.Limit, "an open breaker, and its lane");

    private Task ClosedAsync() => Eventually.TrueAsync(
        async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM lanes") == 0, World.Limit, "a lane that is closed");

    private Task ProbedAsync(DateTime openedAt, int count) => Eventually.TrueAsync(
        async () => (await ProbesAsync(openedAt)).Count >= count, World.Limit, $"{count} probes");

    /// <summary>
    /// What was sent to the dead one from a second before the first probe on: those that were on their way when the breaker opened have
    /// begun before.
    /// </summary>
    private async Task<IReadOnlyList<RecordedAttempt>> ProbesAsync(DateTime openedAt) =>
        [.. (await _world.AttemptsAsync()).Where(attempt => attempt.Outcome != "succeeded" && attempt.StartedAt > openedAt + FirstWait - TimeSpan.FromSeconds(1)).OrderBy(attempt => attempt.StartedAt)];

    private Task<IReadOnlyList<string>> StatesAsync() => _world.Database.ColumnAsync<string>("SELECT state FROM subscription_health");

    private async Task<IEnumerable<string>> ToldAsync() =>
        (await _world.Database.ColumnAsync<byte[]>("SELECT data FROM notices WHERE type = 'subscription.health_changed' ORDER BY seq"))
            .Select(data => JsonSerializer.Deserialize<ChangedHealth>(data)!.State);
}
