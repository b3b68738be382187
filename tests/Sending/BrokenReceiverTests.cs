using Webhooks.Sending.Receivers;
using Webhooks.TestKit;

namespace Webhooks.Sending;

/// <summary>Receivers that fail below HTTP, or that play with it.</summary>
public sealed class BrokenReceiverTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task Nobody_listens()
    {
        await using var receiver = BrokenReceiver.RefusingConnections();

        var result = await Posts.SendOnceAsync(receiver.Url);

        Assert.Equal(AttemptOutcome.ConnectionFailed, result.Outcome);
        Assert.Equal("The receiver refused the connection.", result.Error);
        Assert.Null(result.StatusCode);
        Assert.Null(result.ResponseBody);
    }

    [Fact]
    public async Task Receiver_resets_instead_of_answering()
    {
        await using var receiver = BrokenReceiver.Resetting();

        var result = await Posts.SendOnceAsync(receiver.Url);

        Assert.Equal(AttemptOutcome.ConnectionFailed, result.Outcome);
        Assert.Equal("The receiver reset the connection.", result.Error);
        Assert.Equal(1, receiver.Count);
    }

    [Fact]
    public async Task Receiver_hangs_up_instead_of_answering()
    {
        await using var receiver = BrokenReceiver.ClosingBeforeTheAnswer();

        var result = await Posts.SendOnceAsync(receiver.Url);

        Assert.Equal(AttemptOutcome.ConnectionFailed, result.Outcome);
        Assert.Equal("The receiver closed the connection before its answer was complete.", result.Error);
        Assert.Equal(1, receiver.Count);
    }

    [Fact]
    public async Task Receiver_hangs_up_at_once()
    {
        await using var receiver = RawReceiver.Start(_ => Task.CompletedTask);

        var result = await Posts.SendOnceAsync(receiver.Url);

        Assert.Equal(AttemptOutcome.ConnectionFailed, result.Outcome);
        Assert.Equal(1, receiver.Connections);
    }

    [Fact]
    public async Task Receiver_hangs_up_in_the_middle_of_its_headers()
    {
        await using var receiver = BrokenReceiver.AnsweringThenClosing("HTTP/1.1 200 OK\r\nContent-Le");

        var result = await Posts.SendOnceAsync(receiver.Url);

        Assert.Equal(AttemptOutcome.ConnectionFailed, result.Outcome);
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    [InlineData("220 mail.example ESMTP\r\n")]
    [InlineData("\r\n\r\n")]
    [InlineData("HTTP/1.1 abc OK\r\n\r\n")]
    [InlineData("HTTP/1.1 20 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nno colon here\r\n\r\n")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: upgrade\r\n\r\n")]
    [InlineData("HTTP/1.1 777 Jackpot\r\nContent-Length: 0\r\n\r\n")]
    public async Task An_answer_that_is_not_HTTP_is_invalid(string answer)
    {
        await using var receiver = BrokenReceiver.AnsweringThenClosing(answer);

        var result = await Posts.SendOnceAsync(receiver.Url);

        Assert.Equal(AttemptOutcome.ResponseInvalid, result.Outcome);
        Assert.NotNull(result.Error);
    }

    [Theory]
    [InlineData("000")]
    [InlineData("099")]
    [InlineData("600")]
    [InlineData("999")]
    public async Task A_status_that_HTTP_does_not_know_is_no_answer(string status)
    {
        await using var receiver = BrokenReceiver.AnsweringThenClosing($"HTTP/1.1 {status} What\r\nContent-Length: 2\r\n\r\nhi");

        var result = await Posts.SendOnceAsync(receiver.Url);

        Assert.Equal(AttemptOutcome.ResponseInvalid, result.Outcome);
        Assert.Null(result.StatusCode);
        Assert.Null(result.ResponseBody);
        Assert.Equal($"The receiver's answer is not HTTP: its status is {status}.", result.Error);
    }

    [Fact]
    public async Task A_switch_of_protocols_that_nobody_asked_for_is_an_answer_all_the_same()
    {
        await using var receiver = BrokenReceiver.AnsweringThenClosing("HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: upgrade\r\n\r\n");

        Assert.Equal(101, (await Posts.SendOnceAsync(receiver.Url)).StatusCode);
    }

    [Theory]
    [InlineData(31, AttemptOutcome.Succeeded)]
    [InlineData(33, AttemptOutcome.ResponseInvalid)]
    public async Task Headers_may_have_32_KiB(int kibibytes, AttemptOutcome outcome)
    {
        await using var receiver = RawReceiver.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
            for (var i = 0; i < kibibytes; i++)
            {
                await connection.SendAsync($"X-{i:000}: {new string('a', 1024 - 9)}\r\n");
            }

            await connection.SendAsync("\r\n");
            await connection.WaitForEndAsync();
        });

        var result = await Posts.SendOnceAsync(receiver.Url);

        Assert.Equal(outcome, result.Outcome);
        Assert.True(result.ResponseHeaders.Sum(header => header.Key.Length + header.Value.Length) <= 16 * 1024);
    }

    [Fact]
    public async Task Endless_headers_are_invalid()
    {
        await using var receiver = RawReceiver.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\n");
            await connection.SendForeverAsync("X-More: and more\r\n");
        });

        var result = await Posts.SendOnceAsync(receiver.Url);

        Assert.Equal(AttemptOutcome.ResponseInvalid, result.Outcome);
        Assert.Equal("The headers of the receiver's answer are over 32 KiB.", result.Error);
    }

    [Fact]
    public async Task Silence_is_timed_out()
    {
        await using var receiver = BrokenReceiver.Silent();

        var result = await Posts.SendOnceAsync(receiver.Url, Short);

        Assert.Equal(AttemptOutcome.TimedOut, result.Outcome);
        Assert.Equal("The receiver did not answer within 0.3 s.", result.Error);

        // Timers tick in whole milliseconds, the duration does not.
        Assert.InRange(result.Duration, Short - TimeSpan.FromMilliseconds(20), TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Headers_that_stall_are_timed_out()
    {
        await using var receiver = BrokenReceiver.StallingInTheHeaders();

        var result = await Posts.SendOnceAsync(receiver.Url, Short);

        Assert.Equal(AttemptOutcome.TimedOut, result.Outcome);
    }

    [Fact]
    public async Task Headers_that_drip_past_the_deadline_are_timed_out()
    {
        await using var receiver = RawReceiver.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nX-Slow: ");
            await connection.DripForeverAsync("a");
        });

        var result = await Posts.SendOnceAsync(receiver.Url, Short);

        Assert.Equal(AttemptOutcome.TimedOut, result.Outcome);
    }

    [Fact]
    public async Task A_receiver_that_does_not_read_is_timed_out()
    {
        await using var receiver = BrokenReceiver.Silent();
        using var sender = Posts.Sender();

        var result = await sender.SendAsync(
            Posts.To(receiver.Url, Short, new byte[16 * 1024 * 1024]), TestContext.Current.CancellationToken);

        Assert.Equal(AttemptOutcome.TimedOut, result.Outcome);
    }

    [Fact]
    public async Task Interim_answers_are_passed_over()
    {
        await using var receiver = RawReceiver.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
            await connection.SendAsync("HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok");
            await connection.WaitForEndAsync();
        });

        var result = await Posts.SendOnceAsync(receiver.Url);

        Assert.Equal(202, result.StatusCode);
        Assert.Equal("ok"u8, result.ResponseBody!);
    }

    [Fact]
    public async Task Nothing_but_interim_answers_is_invalid()
    {
        await using var receiver = RawReceiver.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendForeverAsync("HTTP/1.1 102 Processing\r\n\r\n");
        });

        var result = await Posts.SendOnceAsync(receiver.Url);

        Assert.Equal(AttemptOutcome.ResponseInvalid, result.Outcome);
    }

    [Fact]
    public async Task An_answer_given_before_the_body_was_read_counts()
    {
        await using var receiver = RawReceiver.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

            // Closing with most of the body unread resets the connection under the sender's hands.
        });
        using var sender = Posts.Sender();

        var result = await sender.SendAsync(
            Posts.To(receiver.Url, body: new byte[16 * 1024 * 1024]), TestContext.Current.CancellationToken);

        Assert.Equal(AttemptOutcome.Rejected, result.Outcome);
        Assert.Equal(413, result.StatusCode);
    }

    [Fact]
    public async Task Shutdown_is_an_exception_and_no_outcome()
    {
        using var stopping = new CancellationTokenSource();
        await using var receiver = RawReceiver.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await stopping.CancelAsync();
            await connection.StallAsync();
        });
        using var sender = Posts.Sender();

        var stopped = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => sender.SendAsync(Posts.To(receiver.Url), stopping.Token));

        Assert.Equal(stopping.Token, stopped.CancellationToken);
    }
}
