using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Intake;

public sealed class When_data_is_spelled_unusually(SharedSystem system)
{
    [Theory]
    [InlineData("""{"a":1E3,"b":-0,"c":1000.0,"d":0.10,"e":12345678901234567890123,"f":1e-7,"g":-0.0}""")]
    [InlineData("""{"a":1,"b":2,"a":3}""")]
    [InlineData("""{"z":1,"a":2,"10":3,"9":4}""")]
    [InlineData("""{"café":"試験 – ✓","emoji":"🧾👩‍👩‍👧","<html>":"a & b's / \"c\" + d"}""")]
    [InlineData("""{"u":"\u0000\u001f\b\f\n\r\t\\"}""")]
    [InlineData("""{"separators":"\u2028","lone":"\ud800"}""", "{\"separators\":\"\u2028\",\"lone\":\"\\ud800\"}")]
    [InlineData("""{"\u0041":"\u00e9\u0020\/\ud83e\uddfe"}""", """{"A":"é /🧾"}""")]
    [InlineData("""{ "a" : [ 1 , { } , [ ] ] , "b" : null , "c" : " two  spaces " }""", """{"a":[1,{},[]],"b":null,"c":" two  spaces "}""")]
    public async Task Should_reach_the_receiver_as_it_was_spelled(string data, string? expected = null)
    {
        await using var receiver = await TestReceiver.StartAsync();
        var published = TestEvent.Create(Tenant.New(), "exception.created", data: data);
        await system.Management.SubscribeAsync(
            new SubscriptionRequest { TenantId = published.TenantId, Url = receiver.Url, EventTypes = [published.Type], Profile = "standard" });

        await system.Events.PublishAsync(published);

        var request = Assert.Single(await receiver.WaitForAsync(1));
        Assert.Equal($$"""{"type":"exception.created","timestamp":"{{TestEvent.Timestamp}}","data":{{expected ?? data}}}""", request.Text);
    }

    [Fact]
    public async Task Should_sign_and_send_the_same_bytes_in_every_attempt()
    {
        await using var receiver = await TestReceiver.StartAsync(Answer.InOrder(500, 500, 200));
        var published = TestEvent.Create(Tenant.New(), "exception.created", data: """{"a":1E3,"a":-0,"é":"\u00e9 🧾"}""");
        await system.Management.SubscribeAsync(new SubscriptionRequest
        {
            TenantId = published.TenantId,
            Url = receiver.Url,
            EventTypes = [published.Type],
            Profile = "matchaudit",
            Retry = new RetryRequest { MaxAttempts = 3, InitialDelaySeconds = 0.1 },
        });

        await system.Events.PublishAsync(published);

        var requests = await receiver.WaitForAsync(3);
        Assert.All(requests, request => Assert.Equal(requests[0].Body, request.Body));
        // Signs the body alone, so that its signature is the same as well.
        Assert.Single(requests.Select(request => request.Header("x-matchaudit-signature")).Distinct());
    }
}
