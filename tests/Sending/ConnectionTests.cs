using Webhooks.Sending.Receivers;

namespace Webhooks.Sending;

/// <summary>Which connections are opened, kept and given up.</summary>
public sealed class ConnectionTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    [Fact]
    public async Task Connections_are_used_again()
    {
        await using var receiver = RawReceiver.Start(AnswerForeverAsync);
        using var sender = Posts.Sender();

        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(AttemptOutcome.Succeeded, (await SendAsync(sender, receiver)).Outcome);
        }

        Assert.Equal(1, receiver.Connections);
        Assert.Equal(5, receiver.Requests);
    }

    [Fact]
    public async Task A_connection_that_the_receiver_closed_while_idle_is_not_used()
    {
        await using var receiver = RawReceiver.Start(AnswerOnceAsync);
        using var sender = Posts.Sender();

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(AttemptOutcome.Succeeded, (await SendAsync(sender, receiver)).Outcome);
            await receiver.HangsUpAsync();
        }

        Assert.Equal(20, receiver.Requests);
    }

    [Fact]
    public async Task A_receiver_that_answers_once_and_then_hangs_up_on_a_request_gets_it_once()
    {
        await using var receiver = RawReceiver.Start(async connection =>
        {
            await AnswerOnceAsync(connection);
            await connection.ReadRequestAsync();
        });
        using var sender = Posts.Sender();

        Assert.Equal(AttemptOutcome.Succeeded, (await SendAsync(sender, receiver)).Outcome);
        Assert.Equal(AttemptOutcome.ConnectionFailed, (await SendAsync(sender, receiver)).Outcome);
        Assert.Equal(1, receiver.Connections);
        Assert.Equal(2, receiver.Requests);
    }

    [Fact]
    public async Task A_goodbye_that_crosses_the_request_is_no_failure()
    {
        RawConnection? idle = null;
        await using var receiver = RawReceiver.Start(async connection =>
        {
            idle ??= connection;
            await AnswerForeverAsync(connection);
        });
        using var sender = Posts.Sender();
        await SendAsync(sender, receiver);

        // The sender reads the body when it has settled on the idle connection and is about to write to it.
        using var body = new WatchedMemory(() => idle!.Dispose());
        var result = await sender.SendAsync(Posts.To(receiver.Url) with { Body = body.Memory }, TestContext.Current.CancellationToken);

        Assert.Equal(AttemptOutcome.Succeeded, result.Outcome);
        Assert.Equal(2, receiver.Connections);
        Assert.Equal(2, receiver.Requests);
    }

    [Fact]
    public async Task A_goodbye_that_crosses_the_request_is_overlooked_once_only()
    {
        RawConnection? latest = null;
        await using var receiver = RawReceiver.Start(async connection =>
        {
            latest = connection;
            await AnswerForeverAsync(connection);
        });
        using var sender = Posts.Sender();
        await SendAsync(sender, receiver);

        using var body = new WatchedMemory(() => latest!.Dispose());
        var result = await sender.SendAsync(Posts.To(receiver.Url) with { Body = body.Memory }, TestContext.Current.CancellationToken);

        Assert.Equal(AttemptOutcome.ConnectionFailed, result.Outcome);
        Assert.Equal(1, receiver.Requests);
    }

    private static async Task AnswerOnceAsync(RawConnection connection)
    {
        await connection.ReadRequestAsync();
        await connection.SendAsync(Ok);
    }

    private static async Task AnswerForeverAsync(RawConnection connection)
    {
        while (true)
        {
            await AnswerOnceAsync(connection);
        }
    }

    private static Task<SendResult> SendAsync(WebhookSender sender, RawReceiver receiver) =>
        sender.SendAsync(Posts.To(receiver.Url), TestContext.Current.CancellationToken);
}
