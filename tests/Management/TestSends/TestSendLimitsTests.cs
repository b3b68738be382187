using System.Net;
using ReceiverAnswer = Webhooks.TestKit.Answer;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests.TestSends;

public sealed class TestSendLimitsTests(SendingApi sending) : IClassFixture<SendingApi>
{
    [Fact]
    public async Task A_token_may_test_so_often_within_a_minute()
    {
        await using var receiver = await TestReceiver.StartAsync();
        using var client = await sending.StartHostAsync(("Webhooks:TestsPerMinute", "2"));
        var (one, two) = (await sending.TokenAsync("often", client), await sending.TokenAsync("often", client));

        var statuses = new List<HttpStatusCode>();
        foreach (var token in new[] { one, one, one, two })
        {
            var answer = await TestAsync(receiver, token, client);
            statuses.Add(answer.Status);
            if (answer.Status == HttpStatusCode.TooManyRequests)
            {
                answer.IsProblem(HttpStatusCode.TooManyRequests, "rate_limited");
                Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
            }
        }

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests, HttpStatusCode.OK], statuses);
        Assert.Equal(3, receiver.Count);
    }

    [Fact]
    public async Task A_refused_request_does_not_count()
    {
        await using var receiver = await TestReceiver.StartAsync();
        using var client = await sending.StartHostAsync(("Webhooks:TestsPerMinute", "1"));
        var token = await sending.TokenAsync("careless", client);

        Assert.Equal(HttpStatusCode.BadRequest, (await sending.Api.SendAsync(HttpMethod.Post, "/v1/test", "{}", token, via: client)).Status);

        Assert.Equal(HttpStatusCode.OK, (await TestAsync(receiver, token, client)).Status);
    }

    [Fact]
    public async Task A_tenant_waits_for_eight_receivers_at_once_and_a_client_that_goes_away_waits_for_none()
    {
        await using var silent = await TestReceiver.StartAsync(_ => ReceiverAnswer.Never);
        await using var receiver = await TestReceiver.StartAsync();
        using var client = await sending.StartHostAsync();
        var (token, other) = (await sending.TokenAsync("waiting", client), await sending.TokenAsync("neighbour", client));
        var subscription = await sending.SubscribeAsync("waiting", silent.Url, ("timeout_seconds", 30));
        using var gone = new CancellationTokenSource();
        var waiting = Enumerable.Range(0, 8).Select(_ => WaitAsync(client, subscription.Id, token, gone.Token)).ToList();
        await silent.WaitForAsync(8);

        var ninth = await TestAsync(receiver, token, client);
        ninth.IsProblem(HttpStatusCode.TooManyRequests, "rate_limited");
        Assert.Equal(TimeSpan.FromSeconds(1), ninth.Headers.RetryAfter!.Delta);
        Assert.Equal(HttpStatusCode.OK, (await TestAsync(receiver, other, client)).Status);

        // Long before the thirty seconds that the receivers have.
        await gone.CancelAsync();
        Assert.All(await Task.WhenAll(waiting), Assert.False);
        await Eventually.TrueAsync(async () => (await TestAsync(receiver, token, client)).Status == HttpStatusCode.OK, TimeSpan.FromSeconds(25), "the tests of clients that are gone have ended");
    }

    private Task<Answer> TestAsync(TestReceiver receiver, string token, HttpClient client) =>
        sending.Api.SendAsync(HttpMethod.Post, "/v1/test", new { url = receiver.Url }, token, via: client);

    /// <summary>Did an answer come before the patience was over?</summary>
    private static async Task<bool> WaitAsync(HttpClient client, string subscriptionId, string token, CancellationToken patience)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"/v1/subscriptions/{subscriptionId}/test", UriKind.Relative));
        request.Headers.Authorization = new("Bearer", token);
        try
        {
            using var answer = await client.SendAsync(request, patience);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
