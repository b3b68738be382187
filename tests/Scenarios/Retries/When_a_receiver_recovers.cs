using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Retries;

public sealed class When_a_receiver_recovers(SharedSystem system)
{
    // Beyond the tenth that rounding may add: the attempt's own way through a busy machine.
    private static readonly TimeSpan ALittleLate = TimeSpan.FromSeconds(10);

    // Between the end of an attempt, as its record has it, and the moment at which the next is planned.
    private static readonly TimeSpan Planning = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Should_retry_by_the_default_schedule_with_identical_bodies()
    {
        await using var receiver = await TestReceiver.StartAsync(Answer.InOrder(503, 503, 200));

        var delivery = await DeliverAsync(receiver, retry: null);

        Assert.Equal(["server_error", "server_error", "succeeded"], delivery.Attempts!.Select(attempt => attempt.Outcome));
        AssertWaits(receiver, delivery, seconds: [5, 30]);
    }

    [Fact]
    public async Task Should_retry_by_the_subscriptions_own_schedule()
    {
        await using var receiver = await TestReceiver.StartAsync(Answer.InOrder(503, 500, 502, 504, 200));

        var delivery = await DeliverAsync(
            receiver, new RetryRequest { MaxAttempts = 5, InitialDelaySeconds = 0.2, MaxDelaySeconds = 1.5, BackoffMultiplier = 3 });

        Assert.Equal("delivered", delivery.Status);
        AssertWaits(receiver, delivery, seconds: [0.2, 0.6, 1.5, 1.5]);
    }

    [Fact]
    public async Task Should_give_up_after_the_last_attempt()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(500));

        var delivery = await DeliverAsync(receiver, new RetryRequest { MaxAttempts = 3, InitialDelaySeconds = 0.1, BackoffMultiplier = 1 });

        Assert.Equal("exhausted", delivery.Status);
        AssertWaits(receiver, delivery, seconds: [0.1, 0.1]);
        Assert.Null(delivery.Attempts![^1].NextAttemptAt);
    }

    // The documentation's own example: 10, 20, 40, 80 s. Too long to sit through; the first wait tells.
    [Fact]
    public async Task Should_plan_the_documented_custom_schedule()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(503));
        var (published, subscription) = await PublishAsync(
            receiver, new RetryRequest { MaxAttempts = 5, InitialDelaySeconds = 10, MaxDelaySeconds = 3600, BackoffMultiplier = 2 });

        DeliveryResponse? delivery = null;
        await Eventually.TrueAsync(
            async () => (delivery = (await system.Management.ListDeliveriesAsync(subscription.Id, published.Id)).SingleOrDefault()) is { NextAttemptAt: not null },
            Patience,
            "The second attempt is planned.");
        var first = Assert.Single((await system.Management.GetDeliveryAsync(delivery!.Id)).Attempts!);
        Assert.Equal("pending", delivery.Status);
        Assert.Equal(first.NextAttemptAt, delivery.NextAttemptAt);
        Assert.InRange((first.NextAttemptAt!.Value - first.EndedAt).TotalSeconds, 10, 11 + Planning.TotalSeconds);
    }

    private async Task<DeliveryResponse> DeliverAsync(TestReceiver receiver, RetryRequest? retry)
    {
        var (published, subscription) = await PublishAsync(receiver, retry);
        return await system.Management.WaitForEndAsync(subscription.Id, published.Id, Patience);
    }

    private async Task<(TestEvent Published, SubscriptionResponse Subscription)> PublishAsync(TestReceiver receiver, RetryRequest? retry)
    {
        var published = TestEvent.Create(Tenant.New(), "exception.created", data: """{"amount":15000.0}""");
        var subscription = await system.Management.SubscribeAsync(
            new SubscriptionRequest { TenantId = published.TenantId, Url = receiver.Url, EventTypes = [published.Type], Retry = retry });
        await system.Events.PublishAsync(published);
        return (published, subscription);
    }

    private static void AssertWaits(TestReceiver receiver, DeliveryResponse delivery, double[] seconds)
    {
        var (requests, attempts) = (receiver.Requests, delivery.Attempts!);
        Assert.Equal(seconds.Length + 1, requests.Count);
        Assert.All(requests, request => Assert.Equal(requests[0].Body, request.Body));
        for (var wait = 0; wait < seconds.Length; wait++)
        {
            var planned = attempts[wait].NextAttemptAt!.Value - attempts[wait].EndedAt;
            var seen = requests[wait + 1].ReceivedAt - requests[wait].ReceivedAt;

            // A tenth for rounding.
            Assert.InRange(planned.TotalSeconds, seconds[wait], (seconds[wait] * 1.1) + Planning.TotalSeconds);
            Assert.InRange(seen.TotalSeconds, seconds[wait], (seconds[wait] * 1.1) + ALittleLate.TotalSeconds);
        }
    }
}
