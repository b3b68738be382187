using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Webhooks.Contracts;
using Webhooks.Database.Faults;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Caching;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Attempts;

/// <summary>
/// Receivers answer 410 while somebody holds the rows of their subscriptions, which are to be disabled: a change that waits for the broker
/// for seconds, an operator for as long as he likes.
/// </summary>
public sealed class When_the_row_of_a_subscription_that_is_gone_is_held : IAsyncLifetime
{
    private World _world = null!;
    private TestReceiver _gone = null!;
    private NpgsqlConnection _holding = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _gone = await TestReceiver.StartAsync(_ => new Answer(410));
        _holding = await _world.Database.OpenConnectionAsync();
    }

    [Fact]
    public async Task Should_look_like_no_outage_and_keep_nobodys_messages_waiting()
    {
        // More than may be in hand.
        const int Many = 2_500;
        await using var well = await TestReceiver.StartAsync();
        var (held, neighbour) = (await _world.SubscribeAsync(_gone.Url), await _world.SubscribeAsync(well.Url));
        await HoldAsync(held);
        var dispatcher = await _world.StartDispatcherAsync();
        var outages = 0;
        dispatcher.Services.GetRequiredService<DatabaseGate>().Closed += () => Interlocked.Increment(ref outages);

        await _world.DeliverAsync(held, Many);
        await _world.HaveStatusAsync("failed", Many);
        await _world.DeliverAsync(neighbour, count: 100);
        await _world.HaveStatusAsync("delivered", 100);

        Assert.Equal(0, outages);
        // Should the process die now, this one comes again.
        await Eventually.TrueAsync(
            async () => await _world.UnacknowledgedAsync(BrokerNames.DeliveriesQueue(0)) == 1, World.Limit, "all messages but the one that reminds to be acknowledged");
        await LetGoAsync();
        await _world.SettledAsync();
        await AssertDisabledAsync(held);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_keep_no_other_tenants_waiting_however_many_are_held(bool inLanes)
    {
        var settings = World.SettingsFor(_gone.Url, "*") with { MaxInFlight = inLanes ? 1 : null };
        var held = await Task.WhenAll(new[] { "tenant_002", "tenant_003", "tenant_004" }.Select(tenant => _world.SubscribeAsync(tenant, SubscriptionState.Active, settings)));
        var free = await _world.SubscribeAsync(settings);
        await _world.StartDispatcherAsync();
        await HoldAsync(held);
        foreach (var subscription in held)
        {
            await DeliverAsync(subscription);
        }

        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%subscriptions%FOR%UPDATE%'") >= 2,
            World.Limit, "two that wait at once");

        await DeliverAsync(free);

        await Eventually.TrueAsync(async () => await IsDisabledAsync(free), World.Limit, "the one that nobody holds to be disabled");
        await LetGoAsync();
        await _world.EndedAsync();
        foreach (var subscription in held)
        {
            await AssertDisabledAsync(subscription);
        }

        Task DeliverAsync(Subscription subscription) => inLanes ? _world.AcceptIntoLaneAsync(subscription) : _world.DeliverAsync(subscription);
    }

    [Fact]
    public async Task Should_not_wait_for_one_that_is_disabled_already()
    {
        await using var late = await HeldReceiver.StartAsync(_ => new Answer(410));
        var subscription = await _world.SubscribeAsync(late.Requests.Url, timeout: HeldReceiver.Deadline);
        var dispatcher = await _world.StartDispatcherAsync();
        await _world.DeliverAsync(subscription, count: 10);
        await late.Requests.WaitForAsync(10);
        var disabled = await _world.ChangeAsync(subscription, current => current with { State = SubscriptionState.Disabled });
        await dispatcher.Services.GetRequiredService<SubscriptionCache>().AtLeastAsync(disabled.ConfigVersion, CancellationToken.None);
        await HoldAsync(subscription);

        late.Release();

        await _world.HaveAttemptsAsync(10);
        await _world.SettledAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _holding.DisposeAsync();
        await _gone.DisposeAsync();
        await _world.DisposeAsync();
    }

    private Task HoldAsync(params Subscription[] subscriptions) =>
        ExecuteAsync($"BEGIN; SELECT 1 FROM subscriptions WHERE id IN ({string.Join(", ", subscriptions.Select(subscription => $"'{subscription.Id}'"))}) FOR NO KEY UPDATE");

    private Task LetGoAsync() => ExecuteAsync("ROLLBACK");

    private async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _holding);
        await command.ExecuteNonQueryAsync();
    }

    private async Task AssertDisabledAsync(Subscription subscription)
    {
        await Eventually.TrueAsync(async () => await IsDisabledAsync(subscription), World.Limit, "the subscription to be disabled");
        Assert.Equal("gone", (await _world.Subscriptions.FindAsync(subscription.Id, subscription.TenantId, CancellationToken.None))!.DisabledReason);
    }

    private async Task<bool> IsDisabledAsync(Subscription subscription) =>
        (await _world.Subscriptions.FindAsync(subscription.Id, subscription.TenantId, CancellationToken.None))!.State == SubscriptionState.Disabled;
}
