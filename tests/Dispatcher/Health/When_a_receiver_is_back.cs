using Webhooks.Subscriptions;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Health;

/// <summary>What waited for a breaker goes out in the order in which it was due, and there it does not matter that some was tried before.</summary>
public sealed class When_a_receiver_is_back : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Should_send_what_was_never_tried_oldest_first_and_what_was_tried_where_its_retry_was_due()
    {
        await using var receiver = await TestReceiver.StartAsync();
        // One at a time, so that what is started first arrives first.
        var subscription = await _world.SubscribeAsync(World.SettingsFor(receiver.Url, "*") with { MaxInFlight = 1 });
        await _world.Database.ExecuteAsync(
            """
            INSERT INTO subscription_health (subscription_id, state, reason, unsuccessful, failures, opened_at, reopened_at, probe_at, wait)
            VALUES ($1, 'open', 'timed_out', 9, 9, now() - interval '1 hour', now() - interval '1 hour', now() + interval '3 seconds', interval '5 minutes')
            """,
            subscription.Id);
        var accepted = await _world.AcceptIntoLaneAsync(subscription, count: 12);
        // A probe in vain; one that failed before the breaker opened; and one whose retry is not due when the receiver is back.
        await TriedAsync(accepted[0], dueWith: accepted[7]);
        await TriedAsync(accepted[3], dueWith: accepted[5]);
        await _world.Database.ExecuteAsync(
            "UPDATE deliveries SET last_attempt = 3, next_attempt_at = now() + interval '6 seconds', lane_due_at = now() + interval '6 seconds' WHERE id = $1", accepted[1].Id);

        await _world.StartDispatcherAsync();

        await _world.EndedAsync();
        int[] order = [3, 5, 4, 6, 7, 1, 8, 9, 10, 11, 12, 2];
        Assert.Equal(order.Select(number => $"evt_{number}"), receiver.Requests.Select(TestEvent.IdOf));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    /// <summary>Its next attempt is due when a younger one's first is: then the older one goes before.</summary>
    private Task TriedAsync(Accepted delivery, Accepted dueWith) => _world.Database.ExecuteAsync(
        "UPDATE deliveries SET last_attempt = 2, next_attempt_at = $2, lane_due_at = $2 WHERE id = $1", delivery.Id, dueWith.CreatedAt.UtcDateTime);
}
