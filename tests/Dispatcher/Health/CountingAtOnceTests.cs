using Webhooks.Dispatcher.Attempts;
using Webhooks.Subscriptions;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Health;

/// <summary>Dispatchers that record failures of the same receivers at once, in whatever order, count every one of them.</summary>
public sealed class CountingAtOnceTests : IAsyncLifetime
{
    private const int Rounds = 25;

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Four_that_record_at_once_count_every_failure()
    {
        var subscriptions = new List<Subscription>();
        for (var place = 0; place < 8; place++)
        {
            subscriptions.Add(await _world.SubscribeAsync(Finished.Url));
        }

        await Task.WhenAll(Enumerable.Range(0, 4).Select(writer => RecordAsync(writer % 2 == 0 ? subscriptions : [.. Enumerable.Reverse(subscriptions)])));

        Assert.Equal(
            Enumerable.Repeat(4 * Rounds, subscriptions.Count),
            await _world.Database.ColumnAsync<int>("SELECT unsuccessful FROM subscription_health"));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private async Task RecordAsync(IReadOnlyList<Subscription> subscriptions)
    {
        var store = Stores.Attempts(_world.Database);
        for (var round = 0; round < Rounds; round++)
        {
            var attempts = new List<FinishedAttempt>();
            foreach (var subscription in subscriptions)
            {
                attempts.Add(Finished.LastAttempt(Assert.Single(await _world.AcceptAsync(subscription))));
            }

            Assert.DoesNotContain(false, await store.RecordAsync(attempts, CancellationToken.None));
        }
    }
}
