using Webhooks.Sending.Receivers;
using Webhooks.TestKit;

namespace Webhooks.Sending;

/// <summary>The status line decides; the body can only add to the record.</summary>
public sealed class AnswerBodyTests
{
    // Long enough for the headers to arrive in time on a busy machine.
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_body_that_stalls_leaves_a_success()
    {
        await using var receiver = BrokenReceiver.StallingInTheBody();

        var result = await Posts.SendOnceAsync(receiver.Url, Short);

        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
        Assert.Equal("beginning"u8, result.ResponseBody!);
        Assert.True(result.Duration < Short);
    }

    [Fact]
    public async Task A_body_that_drips_for_ever_leaves_a_success()
    {
        await using var receiver = Answering("HTTP/1.1 200 OK\r\n\r\n", connection => connection.DripForeverAsync("a"));

        var result = await Posts.SendOnceAsync(receiver.Url, Short);

        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
        Assert.NotEmpty(result.ResponseBody!);
    }

    [Fact]
    public async Task A_body_that_is_reset_leaves_a_success()
    {
        await using var receiver = Answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", async connection =>
        {
            connection.Reset();
            await Task.CompletedTask;
        });

        var result = await Posts.SendOnceAsync(receiver.Url);

        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
    }

    [Fact]
    public async Task A_body_that_is_cut_short_leaves_a_success()
    {
        await using var receiver = BrokenReceiver.AnsweringThenClosing("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");

        var result = await Posts.SendOnceAsync(receiver.Url);

        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
        Assert.Equal("half"u8, result.ResponseBody!);
    }

    [Fact]
    public async Task A_body_of_broken_chunks_leaves_a_success()
    {
        await using var receiver = Answering(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nnot a chunk\r\n", connection => connection.WaitForEndAsync());

        var result = await Posts.SendOnceAsync(receiver.Url);

        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
    }

    [Fact]
    public async Task A_body_that_stalls_leaves_a_failure_what_it_was()
    {
        await using var receiver = Answering("HTTP/1.1 500 Oops\r\nContent-Length: 10\r\n\r\nhalf", connection => connection.StallAsync());

        var result = await Posts.SendOnceAsync(receiver.Url, Short);

        Assert.Equal(AttemptOutcome.ServerError, result.Outcome);
        Assert.Equal("The receiver answered 500.", result.Error);
    }

    [Fact]
    public async Task An_endless_body_is_cut_at_16_KiB_and_hung_up_on()
    {
        var hungUp = new TaskCompletionSource();
        await using var receiver = Answering("HTTP/1.1 200 OK\r\n\r\n", async connection =>
        {
            try
            {
                await connection.SendForeverAsync(new string('a', 4096));
            }
            catch (IOException)
            {
                hungUp.SetResult();
            }
        });
        using var sender = Posts.Sender();

        var result = await sender.SendAsync(Posts.To(receiver.Url), TestContext.Current.CancellationToken);

        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
        Assert.Equal(16 * 1024, result.ResponseBody!.Length);
        await hungUp.Task.WaitAsync(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16 * 1024)]
    [InlineData((16 * 1024) + 1)]
    [InlineData(48 * 1024)]
    public async Task A_connection_survives_a_body_that_is_not_much_too_long(int length)
    {
        await using var receiver = RawReceiver.Start(async connection =>
        {
            while (true)
            {
                await connection.ReadRequestAsync();
                await connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{new string('a', length)}");
            }
        });
        using var sender = Posts.Sender();

        for (var i = 0; i < 3; i++)
        {
            var result = await sender.SendAsync(Posts.To(receiver.Url), TestContext.Current.CancellationToken);
            Assert.Equal(Math.Min(length, 16 * 1024), result.ResponseBody!.Length);
        }

        // The rest of a long body is drained behind the sender's back, so that a next send may come too early for it.
        Assert.InRange(receiver.Connections, 1, length > 16 * 1024 ? 3 : 1);
    }

    [Fact]
    public async Task A_compressed_body_is_kept_as_it_came()
    {
        await using var receiver = Answering(
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\u001f\u008b\u0008", connection => connection.WaitForEndAsync());

        var result = await Posts.SendOnceAsync(receiver.Url);

        Assert.Equal(new byte[] { 0x1f, 0x8b, 0x08 }, result.ResponseBody);
        Assert.Contains(new("Content-Encoding", "gzip"), result.ResponseHeaders);
        Assert.Contains(new("Content-Length", "3"), result.ResponseHeaders);
    }

    private static RawReceiver Answering(string answer, Func<RawConnection, Task> then) => RawReceiver.Start(async connection =>
    {
        await connection.ReadRequestAsync();
        await connection.SendAsync(answer);
        await then(connection);
    });
}
