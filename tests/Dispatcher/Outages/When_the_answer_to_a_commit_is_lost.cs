using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Dispatcher.Tests.Outages;

/// <summary>The attempt is on disk, but its writer was not told: tried again, it finds its own claim, and must not take it for another's.</summary>
public sealed class When_the_answer_to_a_commit_is_lost : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Should_still_carry_out_what_follows_and_record_the_attempt_once()
    {
        await using var receiver = await TestReceiver.StartAsync(Answer.InOrder(503, 200));
        await using var cutter = AnswerCutter.Before(_world.Postgres.Port);
        var subscription = await _world.SubscribeAsync(receiver.Url, new CustomRetry { InitialDelaySeconds = 0.2 });
        await _world.StartDispatcherAsync(_world.PostgresAt(cutter.Port));

        cutter.CutAt("COMMIT\0"u8);
        await _world.DeliverAsync(subscription);

        await _world.EndedAsync();
        Assert.Equal(1, cutter.Cuts);
        Assert.Equal([(1, "server_error"), (2, "succeeded")], (await _world.AttemptsAsync()).Select(attempt => (attempt.Number, attempt.Outcome)));
        Assert.Equal(2, receiver.Count);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
