using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Outcomes;

public sealed class When_a_subscription_overrides_the_retry_rule(SharedSystem system)
{
    [Theory]
    [InlineData("matcher", "any_failure", 404, "exhausted")]
    [InlineData("matcher", "any_failure", 302, "exhausted")]
    [InlineData("standard", "server_errors", 404, "failed")]
    [InlineData("standard", "server_errors", 302, "failed")]
    [InlineData("standard", "server_errors", 500, "exhausted")]
    public async Task Should_use_the_subscriptions_rule(string profile, string retryOn, int answer, string status)
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(answer));
        var published = TestEvent.Create(Tenant.New(), "outcome.wanted");
        var subscription = await system.Management.SubscribeAsync(new SubscriptionRequest
        {
            TenantId = published.TenantId,
            Url = receiver.Url,
            EventTypes = [published.Type],
            Profile = profile,
            RetryOn = retryOn,
            Retry = OutcomeDeliveries.TwoAttempts,
        });

        await system.Events.PublishAsync(published);

        var delivery = await system.Management.WaitForEndAsync(subscription.Id, published.Id);
        Assert.Equal(status, delivery.Status);
        Assert.Equal(status is "exhausted" ? 2 : 1, receiver.Count);
    }
}
