using Webhooks.Scenarios.Tests.Payloads;
using Webhooks.Signatures;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Trying;

public sealed class When_a_subscription_is_tested(SharedSystem system)
{
    [Fact]
    public async Task Should_send_one_signed_request_and_show_it_without_a_delivery()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(200) { Body = "hello" });
        var subscription = await system.Management.SubscribeAsync(
            new SubscriptionRequest { TenantId = Tenant.New(), Url = receiver.Url, EventTypes = ["exception.created"], Profile = "standard" });

        var sent = await system.Management.TestAsync(subscription.Id);

        var received = Assert.Single(receiver.Requests);
        Assert.Equal(received.Text, sent.GetProperty("request").GetProperty("body").GetString());
        Assert.Equal("hello", sent.GetProperty("response").GetProperty("body").GetString());
        Assert.Equal("succeeded", sent.GetProperty("outcome").GetString());
        Assert.All(sent.GetProperty("request").Headers(), header => Assert.Equal(received.Header(header.Key), header.Value));
        Assert.Equal(
            SignatureVerification.Valid,
            new SignatureVerifier(Dialect.Of("standard").Scheme, subscription.Secret) { Tolerance = TimeSpan.FromMinutes(1) }.Verify(received.Headers, received.Body, received.ReceivedAt));
        Assert.Empty(await system.Management.ListDeliveriesAsync(subscription.Id));
    }
}
