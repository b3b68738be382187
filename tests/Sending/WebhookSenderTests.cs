using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using Webhooks.Sending.Receivers;
using Webhooks.Subscriptions.Rendering;
using Webhooks.TestKit;

namespace Webhooks.Sending;

/// <summary>The request as it goes over the wire, and what is made of proper answers. Alone: it sets a variable of the whole process.</summary>
[Collection(AloneCollection.Name)]
public sealed class WebhookSenderTests
{
    [Fact]
    public async Task Request_is_what_was_given_and_nothing_more()
    {
        using var listening = EverythingIsTraced();
        using var ongoing = new Activity("attempt").SetIdFormat(ActivityIdFormat.W3C).Start();
        var request = new TaskCompletionSource<string>();
        await using var receiver = Answering("204 No Content", "", request);
        using var sender = Posts.Sender();
        byte[] body = Encoding.UTF8.GetBytes("""{"id":"evt_1","data":{"name":"Zoë","amount":1000.0}}""");

        var result = await sender.SendAsync(
            new WebhookRequest(
                "tenant_001",
                $"http://127.0.0.1:{receiver.Port}/hooks/a%20b?x=1&y=%2F",
                body,
                [new("X-Matcher-Signature", "sha256=00"), new("X-Matcher-Timestamp", "1705746600"), new("User-Agent", "KYC-Webhooks/1.0")],
                TimeSpan.FromSeconds(30)),
            TestContext.Current.CancellationToken);

        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
        Assert.Equal(
            $"""
             POST /hooks/a%20b?x=1&y=%2F HTTP/1.1
             Host: 127.0.0.1:{receiver.Port}
             X-Matcher-Signature: sha256=00
             X-Matcher-Timestamp: 1705746600
             User-Agent: KYC-Webhooks/1.0
             Content-Type: application/json
             Content-Length: {body.Length}


             """.ReplaceLineEndings("\r\n"),
            await request.Task);
    }

    [Fact]
    public async Task Body_arrives_byte_for_byte()
    {
        var body = new byte[256 * 1024];
        new Random(7).NextBytes(body);
        await using var receiver = await TestReceiver.StartAsync();
        using var sender = Posts.Sender();

        await sender.SendAsync(Posts.To(receiver.Url, body: body), TestContext.Current.CancellationToken);

        Assert.Equal(body, Assert.Single(receiver.Requests).Body);
    }

    [Theory]
    [InlineData(200, AttemptOutcome.Succeeded)]
    [InlineData(202, AttemptOutcome.Succeeded)]
    [InlineData(304, AttemptOutcome.Redirected)]
    [InlineData(400, AttemptOutcome.Rejected)]
    [InlineData(401, AttemptOutcome.Rejected)]
    [InlineData(407, AttemptOutcome.Rejected)]
    [InlineData(408, AttemptOutcome.Rejected)]
    [InlineData(410, AttemptOutcome.Gone)]
    [InlineData(425, AttemptOutcome.Rejected)]
    [InlineData(429, AttemptOutcome.Throttled)]
    [InlineData(500, AttemptOutcome.ServerError)]
    [InlineData(503, AttemptOutcome.ServerError)]
    public async Task Status_decides(int status, AttemptOutcome outcome)
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(status).With("WWW-Authenticate", "Basic"));

        var result = await Posts.SendOnceAsync(receiver.Url);

        Assert.Equal(outcome, result.Outcome);
        Assert.Equal(status, result.StatusCode);
        Assert.Equal(outcome == AttemptOutcome.Succeeded ? null : $"The receiver answered {status}.", result.Error);
        Assert.Contains(new("WWW-Authenticate", "Basic"), result.ResponseHeaders);
        Assert.Single(receiver.Requests);
    }

    [Fact]
    public async Task Every_value_of_a_repeated_header_is_kept()
    {
        await using var receiver = Answering("200 OK", "X-Mark: a\r\nX-Mark: b\r\n");

        var result = await Posts.SendOnceAsync(receiver.Url);

        Assert.Equal([new("X-Mark", "a"), new("X-Mark", "b"), new("Content-Length", "0")], result.ResponseHeaders);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task Redirects_are_not_followed(int status)
    {
        await using var target = await TestReceiver.StartAsync();
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(status).With("Location", target.Url));

        var result = await Posts.SendOnceAsync(receiver.Url);

        Assert.Equal(AttemptOutcome.Redirected, result.Outcome);
        Assert.Contains(new("Location", target.Url), result.ResponseHeaders);
        Assert.Equal(0, target.Count);
    }

    [Theory]
    [InlineData(429, "30", 30)]
    [InlineData(503, "30", 30)]
    [InlineData(503, "99999999", 86_400)]
    [InlineData(503, "Tue, 31 Dec 2199 23:59:59 GMT", 86_400)]
    [InlineData(503, "never", null)]
    [InlineData(500, "30", null)]
    [InlineData(200, "30", null)]
    [InlineData(404, "30", null)]
    public async Task Retry_After_counts_on_429_and_503(int status, string value, int? seconds)
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(status).With("Retry-After", value));

        var result = await Posts.SendOnceAsync(receiver.Url);

        Assert.Equal(seconds is { } wait ? TimeSpan.FromSeconds(wait) : null, result.RetryAfter);
    }

    [Fact]
    public async Task Cookies_are_not_kept()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => Answer.Ok.With("Set-Cookie", "session=1"));
        using var sender = Posts.Sender();

        await sender.SendAsync(Posts.To(receiver.Url), TestContext.Current.CancellationToken);
        await sender.SendAsync(Posts.To(receiver.Url), TestContext.Current.CancellationToken);

        Assert.Equal(2, receiver.Count);
        Assert.All(receiver.Requests, request => Assert.Null(request.Header("Cookie")));
    }

    [Fact]
    public async Task A_proxy_named_in_the_environment_is_not_used()
    {
        await using var proxy = RawReceiver.Start(connection => connection.StallAsync());
        await using var receiver = Answering("200 OK", "");
        Environment.SetEnvironmentVariable("http_proxy", proxy.Url);
        try
        {
            using var sender = Posts.Sender(resolve: _ => [IPAddress.Loopback]);

            var result = await sender.SendAsync(Posts.To($"http://receiver.example:{receiver.Port}/"), TestContext.Current.CancellationToken);

            Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
            Assert.Equal(0, proxy.Connections);
        }
        finally
        {
            Environment.SetEnvironmentVariable("http_proxy", null);
        }
    }

    [Fact]
    public async Task Hundreds_of_slow_receivers_do_not_hold_up_a_fast_one()
    {
        await using var slow = await TestReceiver.StartAsync(_ => Answer.Never);
        await using var fast = await TestReceiver.StartAsync();
        using var sender = Posts.Sender();
        using var stopping = new CancellationTokenSource();
        var waiting = Enumerable.Range(0, 500).Select(_ => sender.SendAsync(Posts.To(slow.Url, TimeSpan.FromSeconds(30)), stopping.Token)).ToList();

        var result = await sender.SendAsync(Posts.To(fast.Url, TimeSpan.FromSeconds(25)), TestContext.Current.CancellationToken);

        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
        await stopping.CancelAsync();
        foreach (var send in waiting)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => send);
        }
    }

    [Fact]
    public async Task Hundreds_of_silent_names_of_a_tenant_do_not_hold_up_the_new_connections_of_another()
    {
        using var names = new SilentNames();
        await using var receiver = await TestReceiver.StartAsync();
        using var sender = Posts.Sender(resolve: names.Resolve);
        using var stopping = new CancellationTokenSource();
        var waiting = Enumerable.Range(0, 200)
            .Select(number => sender.SendAsync(Posts.To($"http://silent-{number}.example/", TimeSpan.FromSeconds(30), tenantId: "many"), stopping.Token)).ToList();
        await Eventually.TrueAsync(() => names.Silent >= 56, TimeSpan.FromMinutes(1), "the tenant to have all threads that it may have");

        var url = new UriBuilder(receiver.Url) { Host = SilentNames.Answered }.ToString();
        var result = await sender.SendAsync(Posts.To(url, TimeSpan.FromSeconds(25), tenantId: "other"), TestContext.Current.CancellationToken);

        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
        await stopping.CancelAsync();
        await Task.WhenAny(Task.WhenAll(waiting));
    }

    [Theory]
    [InlineData("Content-Type", "text/plain")]
    [InlineData("X-Broken", "a\r\nHost: evil")]
    [InlineData("X-Broken", "a\nb")]
    [InlineData("X-Broken", "a\0b")]
    [InlineData("X-Broken", "é")]
    [InlineData("X Broken", "a")]
    [InlineData("X-Broken:\r\nHost", "a")]
    public async Task A_header_that_cannot_be_sent_is_our_own_mistake(string name, string value)
    {
        using var sender = Posts.Sender();

        await Assert.ThrowsAsync<ArgumentException>(() => sender.SendAsync(
            Posts.To("http://127.0.0.1:1/") with { Headers = [new(name, value)] }, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Receivers_hosts_do_not_become_metric_tags()
    {
        var measured = new ConcurrentQueue<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter.Name.StartsWith("System.Net.Http", StringComparison.Ordinal))
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, _, _, _) => measured.Enqueue(instrument.Name));
        listener.SetMeasurementEventCallback<long>((instrument, _, _, _) => measured.Enqueue(instrument.Name));
        listener.Start();
        await using var receiver = Answering("200 OK", "");

        await Posts.SendOnceAsync(receiver.Url);

        Assert.Empty(measured);
    }

    private static ActivityListener EverythingIsTraced()
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private static RawReceiver Answering(string status, string headers, TaskCompletionSource<string>? request = null) =>
        RawReceiver.Start(async connection =>
        {
            var head = await connection.ReadRequestAsync();
            request?.TrySetResult(head);
            await connection.SendAsync($"HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\n\r\n");
            await connection.WaitForEndAsync();
        });
}
