using Webhooks.Database.Deliveries;
using Webhooks.Dispatcher.Attempts;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Sending;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Rendering;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Health;

/// <summary>Dispatchers that record failures of the same receivers at once, in whatever order, count every one of them.</summary>
public sealed class CountingAtOnceTests : IAsyncLifetime
{
    private const int Rounds = 25;

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Four_that_record_at_once_count_every_failure()
    {
        var subscriptions = new List<Subscription>();
        for (var place = 0; place < 8; place++)
        {
            subscriptions.Add(await _world.SubscribeAsync($"https://receiver.example/{place}"));
        }

        await Task.WhenAll(Enumerable.Range(0, 4).Select(writer => RecordAsync(writer % 2 == 0 ? subscriptions : [.. Enumerable.Reverse(subscriptions)])));

        Assert.Equal(
            Enumerable.Repeat(4 * Rounds, subscriptions.Count),
            await _world.Database.ColumnAsync<int>("SELECT unsuccessful FROM subscription_health"));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private async Task RecordAsync(IReadOnlyList<Subscription> subscriptions)
    {
        var store = Stores.Attempts(_world.Database);
        for (var round = 0; round < Rounds; round++)
        {
            var attempts = new List<FinishedAttempt>();
            foreach (var subscription in subscriptions)
            {
                attempts.Add(Failed(Assert.Single(await _world.AcceptAsync(subscription))));
            }

            Assert.DoesNotContain(false, await store.RecordAsync(attempts, CancellationToken.None));
        }
    }

    private static FinishedAttempt Failed(Accepted delivery) => new()
    {
        Delivery = new DeliveryRow
        {
            Id = delivery.Id,
            CreatedAt = delivery.CreatedAt,
            SubscriptionId = delivery.SubscriptionId,
            Revision = 1,
            Status = DeliveryStatus.Pending,
            LastAttempt = 0,
            NextAttemptAt = null,
            DueAt = null,
            Event = new AcceptedEvent { Id = delivery.EventId, Type = "a.b", TenantId = World.Tenant, Timestamp = TestEvent.Timestamp, Version = "1.0", Data = "{}"u8.ToArray() },
        },
        Number = 1,
        Request = new WebhookRequest("https://receiver.example/", default, [], TimeSpan.FromSeconds(5)),
        Result = new SendResult { Outcome = AttemptOutcome.ServerError, StatusCode = 503, StartedAt = delivery.CreatedAt, Duration = TimeSpan.FromMilliseconds(3) },
        Next = new NextStep.Exhaust(),
        TraceId = null,
    };
}
