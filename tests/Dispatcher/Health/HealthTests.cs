using System.Text;
using System.Text.Json;
using Webhooks.Contracts;
using Webhooks.Dispatcher.Health;
using Webhooks.Dispatcher.Rollups;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Health;

/// <summary>How receivers fare is known to the whole fleet, told when it changes, and costs those that are well nothing.</summary>
public sealed class HealthTests : IAsyncLifetime
{
    private static readonly CustomRetry Once = new() { MaxAttempts = 1 };

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Those_that_never_fail_have_no_row()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await using var failing = await TestReceiver.StartAsync(_ => new Answer(500));
        await _world.StartDispatcherAsync();

        await _world.DeliverAsync(await _world.SubscribeAsync(receiver.Url), count: 20);
        var fails = await _world.SubscribeAsync(failing.Url, Once);
        await _world.DeliverAsync(fails, count: 2);
        await _world.EndedAsync();

        Assert.Equal([fails.Id], await _world.Database.ColumnAsync<Guid>("SELECT subscription_id FROM subscription_health"));
        Assert.Equal((2, "healthy"), (await UnsuccessfulAsync(fails), await StateAsync(fails)));
    }

    [Fact]
    public async Task Failures_are_counted_over_all_dispatchers_and_a_success_ends_them()
    {
        var status = 503;
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(status));
        var subscription = await _world.SubscribeAsync(receiver.Url, Once);
        await _world.StartDispatcherAsync(World.NoBreaker);
        await _world.StartDispatcherAsync(World.NoBreaker);

        await _world.DeliverAsync(subscription, count: 200);
        await _world.EndedAsync();
        Assert.Equal((200, "failing"), (await UnsuccessfulAsync(subscription), await StateAsync(subscription)));

        status = 200;
        await _world.DeliverAsync(subscription);
        await _world.EndedAsync();
        Assert.Equal((0, "healthy"), (await UnsuccessfulAsync(subscription), await StateAsync(subscription)));
        Assert.True(await _world.Database.ScalarAsync<bool>("SELECT last_success_at IS NOT NULL AND failing_since IS NULL FROM subscription_health"));
    }

    [Fact]
    public async Task A_change_is_told_once_however_many_failures_there_are()
    {
        var status = 503;
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(status));
        var subscription = await _world.SubscribeAsync(receiver.Url, Once);
        await _world.StartDispatcherAsync(World.NoBreaker);
        await _world.DeliverAsync(subscription, count: 30);
        await _world.EndedAsync();
        status = 200;
        await _world.DeliverAsync(subscription, count: 30);
        await _world.EndedAsync();

        var told = await NoticesAsync(NotificationTypes.SubscriptionHealthChanged);
        var id = $"sub_{subscription.Id:N}";
        Assert.Equal(
            [
                $$"""{"subscription_id":"{{id}}","state":"failing","reason":"server_error","previous_state":"healthy"}""",
                $$"""{"subscription_id":"{{id}}","state":"healthy","reason":null,"previous_state":"failing"}""",
            ],
            told.Select(notice => notice.Data));
        Assert.StartsWith($"{id}_failing_", told[0].Id, StringComparison.Ordinal);
        AssertDocumented("webhook.subscription_health_changed", told[0].Data);
        Assert.Equal("failing", JsonSerializer.Deserialize<Contracts.ChangedHealth>(told[0].Data)!.State);
    }

    [Fact]
    public async Task A_refusal_that_is_not_retried_is_no_success_and_opens_nothing()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(404));
        var subscription = await _world.SubscribeAsync(receiver.Url);
        await _world.StartDispatcherAsync(("Webhooks:Breaker:FailingFor", "00:00:00"));

        await _world.DeliverAsync(subscription, count: 10);
        await _world.EndedAsync();

        Assert.Equal((10, "failing"), (await UnsuccessfulAsync(subscription), await StateAsync(subscription)));
    }

    [Fact]
    public async Task A_receiver_that_asks_for_an_hour_is_shown_as_throttled()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(429) { Headers = new Dictionary<string, string> { ["Retry-After"] = "3600" } });
        var subscription = await _world.SubscribeAsync(receiver.Url, Once);
        await _world.StartDispatcherAsync();

        await _world.DeliverAsync(subscription);
        await _world.EndedAsync();

        Assert.Equal("throttled", await StateAsync(subscription));
        Assert.Equal("throttled", await _world.Database.ScalarAsync<string>("SELECT reason FROM subscription_health"));
    }

    [Fact]
    public async Task Five_days_of_failures_disable_and_tell_why()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(500));
        var subscription = await _world.SubscribeAsync(receiver.Url, Once);
        await _world.StartDispatcherAsync(("Webhooks:Breaker:DisableAfter", "00:00:30"));
        await _world.DeliverAsync(subscription, count: 4);
        await _world.EndedAsync();
        await _world.Database.ExecuteAsync("UPDATE subscription_health SET unsuccessful_since = now() - interval '5 days'");
        var waiting = await _world.AcceptAsync(subscription);

        // Only four.
        await LookedAfterAsync();
        Assert.Equal(SubscriptionState.Active, await SubscriptionStateAsync(subscription));

        await _world.DeliverAsync(subscription);

        await Eventually.TrueAsync(async () => await SubscriptionStateAsync(subscription) == SubscriptionState.Disabled, World.Limit, "a subscription that is disabled");
        await _world.EndedAsync();
        Assert.Equal("failing_5_days", (await FindAsync(subscription)).DisabledReason);
        Assert.Equal("canceled", await _world.Database.ScalarAsync<string>("SELECT status FROM deliveries WHERE id = $1", waiting[0].Id));
        Assert.Single(
            await NoticesAsync(NotificationTypes.SubscriptionDisabled),
            notice => notice.Data == $$"""{"subscription_id":"sub_{{subscription.Id:N}}","reason":"failing_5_days"}""");
    }

    [Fact]
    public async Task Failures_of_five_days_ago_and_silence_since_disable_nothing()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(500));
        var subscription = await _world.SubscribeAsync(receiver.Url, Once);
        await _world.StartDispatcherAsync(("Webhooks:Breaker:DisableAfter", "00:00:30"));
        await _world.DeliverAsync(subscription, count: 10);
        await _world.EndedAsync();
        await _world.Database.ExecuteAsync(
            "UPDATE subscription_health SET unsuccessful_since = now() - interval '6 days', last_failure_at = now() - interval '5 days 23:59:50'");

        await LookedAfterAsync();

        Assert.Equal(SubscriptionState.Active, await SubscriptionStateAsync(subscription));
    }

    [Fact]
    public async Task The_days_of_a_pause_are_no_days_of_failures()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(500));
        var subscription = await _world.SubscribeAsync(receiver.Url, Once);
        await _world.StartDispatcherAsync(("Webhooks:Breaker:DisableAfter", "00:05:00"), World.NoBreaker);
        await _world.DeliverAsync(subscription, count: 10);
        await _world.EndedAsync();
        await _world.ChangeAsync(subscription, current => current with { State = SubscriptionState.Paused });
        await _world.Database.ExecuteAsync("UPDATE subscription_health SET unsuccessful_since = now() - interval '6 days', last_failure_at = now() - interval '6 days'");

        await _world.ChangeAsync(subscription, current => current with { State = SubscriptionState.Active });
        await _world.DeliverAsync(subscription);
        await _world.EndedAsync();

        Assert.Equal(11, await UnsuccessfulAsync(subscription));
        await LookedAfterAsync();
        Assert.Equal(SubscriptionState.Active, await SubscriptionStateAsync(subscription));
    }

    [Fact]
    public async Task One_whose_row_is_held_keeps_no_other_from_being_disabled()
    {
        var held = await _world.SubscribeAsync("https://receiver.example/");
        await _world.Database.ExecuteAsync(
            "INSERT INTO subscription_health (subscription_id, unsuccessful, unsuccessful_since, last_failure_at) VALUES ($1, 5, now() - interval '6 days', now())", held.Id);
        await using var holding = await _world.Database.HoldAsync("SELECT FROM subscriptions WHERE id = $1 FOR UPDATE", held.Id);

        await _world.StartDispatcherAsync(("Webhooks:Breaker:DisableAfter", "00:00:30"));

        await LookedAfterAsync();
        Assert.Equal(SubscriptionState.Active, await SubscriptionStateAsync(held));
        await holding.DisposeAsync();
        await Eventually.TrueAsync(async () => await SubscriptionStateAsync(held) == SubscriptionState.Disabled, World.Limit, "the held one to be disabled, too");
    }

    [Theory]
    [InlineData(410)]
    [InlineData(503)]
    public async Task What_a_former_receiver_answers_says_nothing_of_the_present_one(int status)
    {
        var answer = new TaskCompletionSource();
        await using var former = await TestReceiver.StartAsync(_ => new Answer(status) { After = answer.Task }.With("Retry-After", "3600"));
        await using var present = await TestReceiver.StartAsync();
        var subscription = await _world.SubscribeAsync(former.Url, Once);
        await _world.StartDispatcherAsync();
        await _world.DeliverAsync(subscription);
        await former.WaitForAsync(1);

        await _world.ChangeAsync(subscription, current => current with { Settings = current.Settings with { Url = present.Url } });
        answer.SetResult();
        await _world.EndedAsync();
        await _world.DeliverAsync(subscription);
        await _world.EndedAsync();

        Assert.Equal(1, present.Count);
        Assert.Equal(SubscriptionState.Active, await SubscriptionStateAsync(subscription));
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM subscription_health WHERE unsuccessful > 0 OR throttled_until IS NOT NULL"));
    }

    [Fact]
    public async Task Enabling_it_again_forgets_all_and_tells_so()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(500));
        var subscription = await _world.SubscribeAsync(receiver.Url, Once);
        await _world.StartDispatcherAsync(World.NoBreaker);
        await _world.DeliverAsync(subscription, count: 10);
        await _world.EndedAsync();

        await _world.ChangeAsync(subscription, current => current with { State = SubscriptionState.Disabled });
        Assert.Equal("failing", await StateAsync(subscription));
        await _world.ChangeAsync(subscription, current => current with { State = SubscriptionState.Active });

        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM subscription_health"));
        var told = (await NoticesAsync(NotificationTypes.SubscriptionHealthChanged))[^1];
        Assert.Equal($$"""{"subscription_id":"sub_{{subscription.Id:N}}","state":"healthy","reason":null,"previous_state":"failing"}""", told.Data);
        AssertDocumented("webhook.subscription_health_changed", told.Data);
    }

    [Fact]
    public async Task Another_receiver_has_a_health_of_its_own()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(500));
        var subscription = await _world.SubscribeAsync(receiver.Url, Once);
        await _world.StartDispatcherAsync(World.NoBreaker);
        await _world.DeliverAsync(subscription, count: 10);
        await _world.EndedAsync();

        await _world.ChangeAsync(subscription, current => current with { Settings = current.Settings with { Description = "the same" } });
        Assert.Equal("failing", await StateAsync(subscription));
        await _world.ChangeAsync(subscription, current => current with { Settings = current.Settings with { Url = "https://receiver.example/" } });

        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM subscription_health"));
    }

    [Fact]
    public async Task The_health_of_a_deleted_subscriptions_receiver_is_forgotten()
    {
        var (deleted, kept) = (await _world.SubscribeAsync("https://receiver.example/"), await _world.SubscribeAsync("https://receiver.example/"));
        await _world.Database.ExecuteAsync("INSERT INTO subscription_health (subscription_id, unsuccessful) VALUES ($1, 3), ($2, 3)", deleted.Id, kept.Id);
        await _world.ChangeAsync(deleted, current => current with { Deleted = true });

        await _world.StartDispatcherAsync();

        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM subscription_health") == 1, World.Limit, "what belongs to nobody to be forgotten");
        Assert.Equal([kept.Id], await _world.Database.ColumnAsync<Guid>("SELECT subscription_id FROM subscription_health"));
    }

    [Fact]
    public async Task What_is_asked_every_second_reads_no_row_of_a_receiver_that_is_not_limited()
    {
        await _world.Database.ExecuteAsync("INSERT INTO subscription_health (subscription_id, unsuccessful) SELECT gen_random_uuid(), 1 FROM generate_series(1, 20000)");
        await _world.Database.ExecuteAsync("ANALYZE subscription_health");
        _world.Postgres.PersistSecurityInfo = true;
        await using var plans = QueryPlans.Of(_world.Postgres.ConnectionString);

        var asking = await plans.DuringAsync(async () =>
        {
            Assert.Empty(await new HealthStore(plans.Database, new BreakerOptions()).FindWithoutLaneAsync(CancellationToken.None));
            Assert.Empty(await new HoldStore(plans.Database, new MinuteStore(plans.Database)).FindOpenAsync(CancellationToken.None));
        });

        Assert.Equal(2, asking.Count(plan => plan.Contains("subscription_health_limited", StringComparison.Ordinal)));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private Task<int> UnsuccessfulAsync(Subscription subscription) =>
        _world.Database.ScalarAsync<int>("SELECT unsuccessful FROM subscription_health WHERE subscription_id = $1", subscription.Id);

    private Task<string> StateAsync(Subscription subscription) =>
        _world.Database.ScalarAsync<string>("SELECT state FROM subscription_health WHERE subscription_id = $1", subscription.Id);

    private async Task<Subscription> FindAsync(Subscription subscription) =>
        (await _world.Subscriptions.FindAsync(subscription.Id, tenantId: null, CancellationToken.None))!;

    private async Task<SubscriptionState> SubscriptionStateAsync(Subscription subscription) => (await FindAsync(subscription)).State;

    /// <summary>Waits until the leader has looked after all of them: another one that is due is disabled.</summary>
    private async Task LookedAfterAsync()
    {
        var due = await _world.SubscribeAsync("https://receiver.example/");
        await _world.Database.ExecuteAsync(
            "INSERT INTO subscription_health (subscription_id, unsuccessful, unsuccessful_since, last_failure_at) VALUES ($1, 5, now() - interval '6 days', now())", due.Id);
        await Eventually.TrueAsync(async () => await SubscriptionStateAsync(due) == SubscriptionState.Disabled, World.Limit, "the leader to disable what is due");
    }

    private async Task<IReadOnlyList<(string Id, string Data)>> NoticesAsync(string type)
    {
        await using var command = _world.Database.CreateCommand("SELECT id, data FROM notices WHERE type = $1 ORDER BY seq");
        command.Parameters.AddWithValue(type);
        await using var row = await command.ExecuteReaderAsync();
        var notices = new List<(string, string)>();
        while (await row.ReadAsync())
        {
            notices.Add((row.GetString(0), Encoding.UTF8.GetString(row.GetFieldValue<byte[]>(1))));
        }

        return notices;
    }

    private static void AssertDocumented(string type, string data)
    {
        using var documented = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "catalog", type, "example.json")));
        using var told = JsonDocument.Parse(data);
        Assert.Equal(
            documented.RootElement.GetProperty("data").EnumerateObject().Select(member => member.Name),
            told.RootElement.EnumerateObject().Select(member => member.Name));
    }
}
