using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Tenants;

public sealed class When_a_subscription_changes(SharedSystem system)
{
    private static readonly TimeSpan HoldsWithin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan NoAttemptAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    // Half a minute, so that nothing is used up before a busy machine has ended the subscription.
    private static readonly RetryRequest Lasting = new() { MaxAttempts = 20, InitialDelaySeconds = 0.4, BackoffMultiplier = 2, MaxDelaySeconds = 1.5 };

    private readonly string _tenantId = Tenant.New();

    [Fact]
    public Task Should_hold_everywhere_within_a_second() => Promptly.MostAsync(HoldsWithin, rounds: 3, HoldsAfterAsync);

    [Fact]
    public async Task Should_match_the_very_next_event_when_it_is_new()
    {
        await using var receiver = await TestReceiver.StartAsync();
        for (var number = 1; number <= 20; number++)
        {
            await SubscribeAsync(receiver, $"type_{number}");
            await system.Events.PublishAsync(Event($"type_{number}"));
        }

        await receiver.WaitForAsync(20);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_cancel_what_is_pending_when_it_ends(bool isDeleted)
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(503));
        await using var neighbour = await TestReceiver.StartAsync(_ => new Answer(503));
        var ended = await SubscribeAsync(receiver, "exception.created", Lasting);
        await SubscribeAsync(neighbour, "exception.created", Lasting);
        TestEvent[] pending = [.. Enumerable.Range(0, 20).Select(_ => Event("exception.created"))];
        await system.Events.PublishAsync(pending);
        await receiver.WaitForAsync(2 * pending.Length);

        await (isDeleted ? system.Management.DeleteSubscriptionAsync(ended.Id) : system.Management.ChangeAsync(ended.Id, new { state = "disabled" }));

        var answered = TimeProvider.System.GetUtcNow();
        await system.Events.PublishAsync(Event("exception.created"));
        // The neighbour goes on as the ended one would have.
        await Eventually.TrueAsync(
            () => neighbour.Requests.Any(request => request.ReceivedAt > answered + NoAttemptAfter + NoAttemptAfter), Patience, "The neighbour is tried on.");
        var deliveries = await system.Management.ListDeliveriesAsync(ended.Id);
        Assert.Equal(pending.Length, deliveries.Count);
        Assert.All(deliveries, delivery => Assert.Equal("canceled", delivery.Status));
        // By the attempts' own records: what arrives late on a busy machine was sent in time.
        foreach (var delivery in deliveries)
        {
            Assert.DoesNotContain((await system.Management.GetDeliveryAsync(delivery.Id)).Attempts!, attempt => attempt.StartedAt > answered + NoAttemptAfter);
        }
    }

    [Fact]
    public async Task Should_deliver_again_when_it_is_enabled_again()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var subscription = await SubscribeAsync(receiver, "exception.created");
        await system.Management.ChangeAsync(subscription.Id, new { state = "disabled" });
        await system.Events.PublishAsync(Event("exception.created"));
        await system.Management.ChangeAsync(subscription.Id, new { state = "active" });
        var published = Event("exception.created");

        await system.Events.PublishAsync(published);

        await system.Management.WaitForEndAsync(subscription.Id, published.Id);
        Assert.Contains(published.Id, receiver.Requests.Select(TestEvent.IdOf));
    }

    /// <summary>
    /// How long after the answer to a change the last event was published that was treated by the old settings, or the first by
    /// the new. By when they were published: when they arrive is a matter of the machine.
    /// </summary>
    private async Task<TimeSpan> HoldsAfterAsync()
    {
        await using var before = await TestReceiver.StartAsync();
        await using var after = await TestReceiver.StartAsync();
        var published = new Dictionary<string, DateTimeOffset>();
        var subscription = await SubscribeAsync(before, "exception.created");
        await PublishAsync("exception.created");
        await before.WaitForAsync(1);

        await system.Management.ChangeAsync(subscription.Id, new { url = after.Url, event_types = new[] { "exception.resolved" } });

        var answered = TimeProvider.System.GetUtcNow();
        await Eventually.TrueAsync(
            async () =>
            {
                await PublishAsync("exception.created");
                await PublishAsync("exception.resolved");
                return Times(after).Any(time => time > answered + 2 * HoldsWithin);
            },
            Patience,
            "Events are received under the changed settings.");
        await system.Management.DeleteSubscriptionAsync(subscription.Id);
        Assert.All(after.Requests, request => Assert.Contains("exception.resolved", request.Text, StringComparison.Ordinal));
        var (last, first) = (Times(before).Max(), Times(after).Min());
        return (last > first ? last : first) - answered;

        async Task PublishAsync(string type)
        {
            var one = Event(type);
            published[one.Id] = TimeProvider.System.GetUtcNow();
            await system.Events.PublishAsync(one);
        }

        IEnumerable<DateTimeOffset> Times(TestReceiver receiver) => receiver.Requests.Select(request => published[TestEvent.IdOf(request)]);
    }

    private TestEvent Event(string type) => TestEvent.Create(_tenantId, type);

    private Task<SubscriptionResponse> SubscribeAsync(TestReceiver receiver, string type, RetryRequest? retry = null) => system.Management.SubscribeAsync(new SubscriptionRequest
    {
        TenantId = _tenantId,
        Url = receiver.Url,
        EventTypes = [type],
        Retry = retry ?? new RetryRequest { MaxAttempts = 20, InitialDelaySeconds = 0.4, BackoffMultiplier = 1 },
    });
}
