using Webhooks.Broker.Deliveries;
using Webhooks.Subscriptions;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Shares;

/// <summary>Retries give way to first attempts (decision 0028).</summary>
public sealed class When_thousands_of_retries_are_due : IAsyncLifetime
{
    private World _world = null!;
    private TestReceiver _receiver = null!;
    private Subscription _subscription = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _receiver = await TestReceiver.StartAsync();
        _subscription = await _world.SubscribeAsync(_receiver.Url);
    }

    // A busy machine makes it longer, and nothing makes it shorter.
    [Fact]
    public async Task Should_begin_no_more_than_a_thousand_a_second_beside_first_attempts()
    {
        const int Retries = 4_000;
        var retries = await _world.AcceptAsync(_subscription, Retries);
        await _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 1, next_attempt_at = now()");
        await _world.StartDispatcherAsync();
        await _world.DeliverAsync(_subscription);
        await _receiver.WaitForAsync(1);

        await _world.AnnounceAsync(retries, number: 2, Announcement.MostTogether);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (_receiver.Count < Retries && await pace.WaitForNextTickAsync(TestContext.Current.CancellationToken))
        {
            await _world.DeliverAsync(_subscription);
        }

        await _world.EndedAsync();
        var began = await BeganAsync();
        Assert.Equal(Retries, began.Count);
        Assert.True(began[^1] - began[0] > TimeSpan.FromSeconds(3.5), $"{Retries} retries began within {began[^1] - began[0]}.");
    }

    public async ValueTask DisposeAsync()
    {
        await _world.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    /// <summary>When the second attempts began, the first of them first.</summary>
    private async Task<IReadOnlyList<DateTimeOffset>> BeganAsync() =>
        [.. (await _world.AttemptsAsync()).Where(attempt => attempt.Number == 2).Select(attempt => attempt.StartedAt).Order()];
}
