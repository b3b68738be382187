using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Attempts;

/// <summary>Whatever a receiver does can be recorded, and what cannot holds up nobody else.</summary>
public sealed class RecordingTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Any_answer_is_recorded_by_one_attempt()
    {
        string[] answers =
        [
            "HTTP/1.1 400 \0Bad\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad\r\nX-Odd: a\0b\u0001\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad\r\nX-Odd: a\r\n folded\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad\r\nX-Odd:\r\nX-Odd: second\r\nContent-Length: 3\r\n\r\n\0\0\0",
            "\0\0\0\0\r\n\r\n",
            "HTTP/1.1 200\r\n\r\n",
        ];
        var receivers = answers.Select(BrokenReceiver.AnsweringThenClosing).ToList();
        await _world.StartDispatcherAsync();

        foreach (var receiver in receivers)
        {
            await _world.DeliverAsync(await _world.SubscribeAsync(receiver.Url, new CustomRetry { InitialDelaySeconds = 3_600 }));
        }

        await _world.HaveAttemptsAsync(answers.Length);
        await _world.SettledAsync();
        Assert.All(receivers, receiver => Assert.Equal(1, receiver.Count));
        Assert.All(await _world.DeliveriesAsync<int>("last_attempt"), number => Assert.Equal(1, number));
        Assert.Empty(await _world.ParkedAsync());
        foreach (var receiver in receivers)
        {
            await receiver.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(200, 1, false)]
    [InlineData(200, 1, true)]
    [InlineData(503, 2, false)] // The step after the record is carried out as well, once.
    [InlineData(503, 2, true)]
    public async Task An_attempt_that_cannot_be_recorded_at_first_is_recorded_later_and_not_made_again(int firstAnswer, int attempts, bool inLane)
    {
        await using var receiver = await TestReceiver.StartAsync(request => new Answer(request.Number == 1 ? firstAnswer : 200));
        await _world.RefuseRecordsAsync(firstAnswer, times: 3);
        await _world.StartDispatcherAsync();
        var retry = new CustomRetry { InitialDelaySeconds = 1 };
        var subscription = await _world.SubscribeAsync(World.SettingsFor(receiver.Url, "*") with { Retry = retry, MaxInFlight = inLane ? 1 : null });

        await (inLane ? _world.AcceptIntoLaneAsync(subscription) : _world.DeliverAsync(subscription));

        await _world.EndedAsync();
        Assert.Equal(["delivered"], await _world.DeliveriesAsync<string>("status"));
        Assert.Equal(Enumerable.Range(1, attempts), (await _world.AttemptsAsync()).Select(attempt => attempt.Number).Order());
        Assert.Equal((attempts, 4), (receiver.Count, await _world.TriesToRecordAsync()));
        Assert.Empty(await _world.ParkedAsync());
    }

    [Fact]
    public async Task An_attempt_that_cannot_be_recorded_holds_up_no_other_and_is_not_made_again()
    {
        await using var receiver = await HeldReceiver.StartAsync(request => new Answer(TestEvent.IdOf(request) == "evt_7" ? 418 : 200));
        var subscription = await _world.SubscribeAsync(receiver.Requests.Url, timeout: HeldReceiver.Deadline);
        await _world.RefuseRecordsAsync();
        await _world.StartDispatcherAsync();
        await _world.DeliverAsync(subscription, count: 20);
        await receiver.Requests.WaitForAsync(20);

        // All at once, so that they are recorded in groups.
        receiver.Release();

        await _world.HaveStatusAsync("delivered", 19);
        await _world.Database.ExecuteAsync("ALTER TABLE attempts DROP CONSTRAINT not_yet");
        await _world.EndedAsync();
        Assert.Equal(20, (await _world.AttemptsAsync()).Count);
        Assert.Equal("failed", (await _world.DeliveriesAsync<string>("status"))[6]);
        Assert.Equal(20, receiver.Requests.Count);
        Assert.Empty(await _world.ParkedAsync());
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
