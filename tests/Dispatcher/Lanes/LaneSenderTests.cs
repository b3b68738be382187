using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Webhooks.Dispatcher.Lanes;
using Webhooks.Dispatcher.Lanes.Leases;
using Webhooks.Dispatcher.Lanes.Serving;
using Webhooks.Subscriptions.Caching;
using Webhooks.Subscriptions.Lanes;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes;

/// <summary>An entry between the look at its row and its start. The lease, and the time by which it is held, are the test's.</summary>
public sealed class LaneSenderTests : IAsyncLifetime
{
    private const long Held = 7;

    private readonly StoppedClock _clock = new();
    private World _world = null!;
    private HeldReceiver _receiver = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _receiver = await HeldReceiver.StartAsync();
    }

    // Nobody else has taken the lane when the lease is renewed at last. But the look may be as old as the silence was long: a row
    // that was canceled meanwhile, or recorded by the holder before, would be sent until the cache is told.
    [Fact]
    public async Task What_was_looked_at_before_the_lease_was_overdue_is_looked_at_again() =>
        Assert.Equal((0, true), await StartWhileRenewedEveryAsync(Lease.Term));

    [Fact]
    public async Task What_was_looked_at_under_a_lease_that_was_renewed_in_time_is_started() =>
        Assert.Equal((1, false), await StartWhileRenewedEveryAsync(Lease.Beat));

    public async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        await _world.DisposeAsync();
    }

    /// <summary>
    /// Starts an entry while its receiver's health cannot be read for a term. Answers how many were started, and whether it is to
    /// be read anew.
    /// </summary>
    private async Task<(int Started, bool IsToRead)> StartWhileRenewedEveryAsync(TimeSpan beat)
    {
        var dispatcher = await _world.StartDispatcherAsync();
        var subscribed = await _world.SubscribeAsync(_receiver.Requests.Url, timeout: HeldReceiver.Deadline);
        // As the lane's loop has it: the one object of that version.
        var config = await dispatcher.Services.GetRequiredService<SubscriptionCache>().AtLeastAsync(subscribed.ConfigVersion, CancellationToken.None);
        var subscription = config.ById[subscribed.Id];
        var accepted = (await _world.AcceptIntoLaneAsync(subscription))[0];
        var lease = new Lease(_clock);
        lease.Hold(Held, _clock.GetTimestamp());
        var tools = dispatcher.Services.GetRequiredService<LaneTools>() with { Lease = lease, Clock = _clock };
        var lane = new HeldLane(subscription.Id, Held, Fence: 1, SendsAfter: TimeSpan.Zero);
        var (parts, limits) = (new ServingParts(lane, tools, NullLogger.Instance), LaneLimits.Of(subscription));
        var (sender, news) = (parts.Sender, parts.News);
        parts.Ahead.Of(limits);
        sender.PaceAt(limits);
        news.Read();
        tools.Slots.Take(subscription.Id, World.Tenant, wanted: 1, wake: () => { });

        Task starting;
        await using (await _world.Database.HoldAsync("LOCK TABLE subscription_health IN ACCESS EXCLUSIVE MODE"))
        {
            starting = sender.StartAsync([new LaneEntry(accepted.Id, accepted.CreatedAt, DueAt: accepted.CreatedAt, WaitsFor: TimeSpan.Zero)], slots: 1, subscription, CancellationToken.None);
            await Eventually.TrueAsync(IsHealthAwaitedAsync, World.Limit, "the sender to wait between its look and the start");
            for (var passed = TimeSpan.Zero; passed < Lease.Term; passed += beat)
            {
                _clock.Advance(beat);
                lease.Hold(Held, _clock.GetTimestamp());
            }
        }

        await starting;
        var answer = (InFlight: parts.Entries.InFlight, news.IsToRead);
        _receiver.Release();
        await _world.HaveAttemptsAsync(answer.InFlight);
        return answer;
    }

    private async Task<bool> IsHealthAwaitedAsync() => await _world.Database.ScalarAsync<long>(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FROM subscription_health WHERE subscription_id = $1'") == 1;
}
