using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Retries;

public sealed class When_a_receiver_recovers(SharedSystem system)
{
    // Beyond the tenth that rounding may add: the attempt's own way through a busy machine. What is later than that makes its round a late one.
    private static readonly TimeSpan ALittleLate = TimeSpan.FromSeconds(10);

    // Between the end of an attempt, as its record has it, and the moment at which the next is planned: of most, and of any in the same round.
    private static readonly TimeSpan Planning = TimeSpan.FromSeconds(0.25);
    private static readonly TimeSpan LongestPlanning = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public Task Should_retry_by_the_default_schedule_with_identical_bodies() => Promptly.MostAsync(Planning, rounds: 1, async () =>
    {
        await using var receiver = await TestReceiver.StartAsync(Answer.InOrder(503, 503, 200));

        var delivery = await DeliverAsync(receiver, retry: null);

        Assert.Equal(["server_error", "server_error", "succeeded"], delivery.Attempts!.Select(attempt => attempt.Outcome));
        return AssertWaits(receiver, delivery, seconds: [5, 30]);
    });

    [Fact]
    public Task Should_retry_by_the_subscriptions_own_schedule() => Promptly.MostAsync(Planning, rounds: 1, async () =>
    {
        await using var receiver = await TestReceiver.StartAsync(Answer.InOrder(503, 500, 502, 504, 200));

        var delivery = await DeliverAsync(
            receiver, new RetryRequest { MaxAttempts = 5, InitialDelaySeconds = 0.2, MaxDelaySeconds = 1.5, BackoffMultiplier = 3 });

        Assert.Equal("delivered", delivery.Status);
        return AssertWaits(receiver, delivery, seconds: [0.2, 0.6, 1.5, 1.5]);
    });

    [Fact]
    public Task Should_give_up_after_the_last_attempt() => Promptly.MostAsync(Planning, rounds: 1, async () =>
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(500));

        var delivery = await DeliverAsync(receiver, new RetryRequest { MaxAttempts = 3, InitialDelaySeconds = 0.1, BackoffMultiplier = 1 });

        Assert.Equal("exhausted", delivery.Status);
        Assert.Null(delivery.Attempts![^1].NextAttemptAt);
        return AssertWaits(receiver, delivery, seconds: [0.1, 0.1]);
    });

    // The documentation's own example: 10, 20, 40, 80 s. Too long to sit through; the first wait tells.
    [Fact]
    public Task Should_plan_the_documented_custom_schedule() => Promptly.MostAsync(Planning, rounds: 3, async () =>
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
        return LatenessOf(first, seconds: 10);
    });

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

    /// <summary>Answers how much later than right most of the waits were planned at the most; or, if it is too late for any, the latest.</summary>
    private static TimeSpan AssertWaits(TestReceiver receiver, DeliveryResponse delivery, double[] seconds)
    {
        var (requests, attempts) = (receiver.Requests, delivery.Attempts!);
        Assert.Equal(seconds.Length + 1, requests.Count);
        Assert.All(requests, request => Assert.Equal(requests[0].Body, request.Body));
        var latest = TimeSpan.Zero;
        for (var wait = 0; wait < seconds.Length; wait++)
        {
            var seen = requests[wait + 1].ReceivedAt - requests[wait].ReceivedAt;
            Assert.True(seen.TotalSeconds >= seconds[wait], $"{seen} passed instead of {seconds[wait]} s.");
            var late = seen - TimeSpan.FromSeconds(seconds[wait] * 1.1);
            latest = late > latest ? late : latest;
        }

        List<TimeSpan> planned = [.. seconds.Select((wait, place) => LatenessOf(attempts[place], wait)).Order()];
        return latest > ALittleLate ? latest : planned[^1] > LongestPlanning ? planned[^1] : planned[seconds.Length / 2];
    }

    private static TimeSpan LatenessOf(AttemptResponse attempt, double seconds)
    {
        var planned = attempt.NextAttemptAt!.Value - attempt.EndedAt;
        Assert.True(planned.TotalSeconds >= seconds, $"{planned} was planned instead of {seconds} s.");
        // A tenth for rounding.
        return planned - TimeSpan.FromSeconds(seconds * 1.1);
    }
}
