using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Replays;

public sealed class When_a_receiver_is_mended(SharedSystem system)
{
    [Fact]
    public async Task Should_recover_what_it_missed_with_the_same_id_and_body()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(503));
        var tenant = Tenant.New();
        var start = TimeProvider.System.GetUtcNow().AddSeconds(-5);
        var subscription = await system.Management.SubscribeAsync(new SubscriptionRequest
        {
            TenantId = tenant, Url = receiver.Url, EventTypes = ["exception.created"], Profile = "standard",
            Retry = new RetryRequest { MaxAttempts = 2, InitialDelaySeconds = 0.1 },
        });
        var missed = TestEvent.Create(tenant, "exception.created", data: """{"amount":15000.0,"ü":1E3}""");
        await system.Events.PublishAsync(missed);
        var exhausted = await system.Management.WaitForEndAsync(subscription.Id, missed.Id);
        Assert.Equal("exhausted", exhausted.Status);
        receiver.AnswerWith = _ => Answer.Ok;

        var recovery = await system.Management.RecoverAsync(subscription.Id, start);
        Assert.Equal((1, 0), (recovery.Matched, recovery.Done));
        recovery = await system.Management.WaitForReplayAsync(recovery.Id);
        Assert.Equal(("done", 1, 1), (recovery.Status, recovery.Matched, recovery.Done));

        var replay = await ReplayOfAsync(subscription.Id, exhausted.Id);
        var requests = await receiver.WaitForAsync(3);
        Assert.All(requests, request => Assert.Equal(missed.Id, request.Headers["webhook-id"]));
        Assert.All(requests, request => Assert.Equal(requests[0].Body, request.Body));
        var attempt = Assert.Single(replay.Attempts!);
        Assert.Equal(System.Text.Encoding.UTF8.GetString(requests[2].Body), attempt.Request.Body);
        Assert.Equal([exhausted.Id, replay.Id], (await system.Management.GetEventAsync(missed.Id, tenant)).Deliveries.Select(delivery => delivery.Id));

        // Again there is nothing to recover, and a single one can still be replayed.
        Assert.Equal(0, (await system.Management.RecoverAsync(subscription.Id, start)).Matched);
        var single = await system.Management.ReplayAsync(replay.Id);
        Assert.Equal(("pending", replay.Id), (single.Status, single.ReplayOf));
        await receiver.WaitForAsync(4);
        Assert.Equal(missed.Id, receiver.Requests[3].Headers["webhook-id"]);
    }

    private async Task<DeliveryResponse> ReplayOfAsync(string subscriptionId, string original)
    {
        DeliveryResponse? replay = null;
        await Eventually.TrueAsync(
            async () => (replay = (await system.Management.ListDeliveriesAsync(subscriptionId)).SingleOrDefault(delivery => delivery.ReplayOf == original)) is { Status: "delivered" },
            TimeSpan.FromMinutes(5),
            () => $"the replay of {original} to be delivered; it was {replay}");
        return await system.Management.GetDeliveryAsync(replay!.Id);
    }
}
