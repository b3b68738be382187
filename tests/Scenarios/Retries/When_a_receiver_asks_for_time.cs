using System.Globalization;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Retries;

public sealed class When_a_receiver_asks_for_time(SharedSystem system)
{
    private static readonly TimeSpan ALittleLate = TimeSpan.FromSeconds(25);

    [Theory]
    [InlineData(503, 0.2, "3", 3)]
    [InlineData(429, 0.2, "3", 3)]
    [InlineData(429, 2, "1", 2)] // shorter than scheduled: ignored
    [InlineData(503, 2, "0", 2)]
    [InlineData(500, 0.2, "30", 0.2)] // only on 429 and 503
    [InlineData(503, 0.2, "soon", 0.2)]
    public async Task Should_wait_as_long_as_asked_and_never_less_than_scheduled(int status, double scheduled, string retryAfter, double wait)
    {
        await using var receiver = await TestReceiver.StartAsync(
            request => request.Number == 1 ? new Answer(status).With("Retry-After", retryAfter) : Answer.Ok);

        var requests = await DeliverAsync(receiver, scheduled);

        Assert.InRange((requests[1].ReceivedAt - requests[0].ReceivedAt).TotalSeconds, wait, (wait * 1.1) + ALittleLate.TotalSeconds);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task Should_wait_until_the_date_asked_for(int status)
    {
        var until = default(DateTimeOffset);
        await using var receiver = await TestReceiver.StartAsync(request =>
        {
            if (request.Number > 1)
            {
                return Answer.Ok;
            }

            // HTTP dates have whole seconds.
            until = DateTimeOffset.FromUnixTimeSeconds(request.ReceivedAt.ToUnixTimeSeconds() + 5);
            return new Answer(status).With("Retry-After", until.ToString("R", CultureInfo.InvariantCulture));
        });

        var requests = await DeliverAsync(receiver, scheduled: 0.1);

        Assert.InRange(requests[1].ReceivedAt, until, until + ALittleLate);
    }

    private async Task<IReadOnlyList<ReceivedRequest>> DeliverAsync(TestReceiver receiver, double scheduled)
    {
        var published = TestEvent.Create(Tenant.New(), "exception.created");
        var subscription = await system.Management.SubscribeAsync(new SubscriptionRequest
        {
            TenantId = published.TenantId,
            Url = receiver.Url,
            EventTypes = [published.Type],
            Retry = new RetryRequest { MaxAttempts = 2, InitialDelaySeconds = scheduled },
        });
        await system.Events.PublishAsync(published);

        var delivery = await system.Management.WaitForEndAsync(subscription.Id, published.Id);
        Assert.Equal("delivered", delivery.Status);
        return receiver.Requests;
    }
}
