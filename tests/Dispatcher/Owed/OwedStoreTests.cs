using Webhooks.Dispatcher.Owed;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Owed;

public sealed class OwedStoreTests : IAsyncLifetime
{
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);
    private static readonly DateTimeOffset LostBefore = new(2024, 1, 20, 12, 0, 0, TimeSpan.Zero);

    private World _world = null!;
    private OwedStore _store = null!;
    private IReadOnlyList<Accepted> _accepted = [];

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _store = new OwedStore(_world.Database);
        _accepted = await _world.AcceptAsync(await _world.SubscribeAsync("https://receiver.example/"), count: 4);
    }

    [Fact]
    public async Task What_should_have_come_is_found_the_oldest_first()
    {
        await AwaitAsync(_accepted[0], LostBefore.AddSeconds(-1));
        await AwaitAsync(_accepted[1], LostBefore);
        await AwaitAsync(_accepted[2], LostBefore.AddHours(-1));

        Assert.Equal([_accepted[2].Id, _accepted[0].Id], await FindAsync());
    }

    [Theory]
    [InlineData("status = 'canceled'")]
    [InlineData("due_at = now()")]
    public async Task What_has_ended_or_is_the_due_pollers_is_not_owed(string because)
    {
        await AwaitAsync(_accepted[0], LostBefore.AddHours(-1));
        await _world.Database.ExecuteAsync($"UPDATE deliveries SET {because} WHERE id = $1", _accepted[0].Id);

        Assert.Empty(await FindAsync());
    }

    [Theory]
    [InlineData(null, 0)]
    [InlineData((short)1, 1)]
    [InlineData((short)2, 3)]
    [InlineData((short)3, 7)]
    [InlineData((short)10, 1_023)]
    [InlineData((short)500, 1_023)]
    public async Task The_grace_doubles_with_each_time_it_was_announced_in_vain(short? times, int gracesMore)
    {
        var at = LostBefore - (gracesMore * Grace);
        await AwaitAsync(_accepted[0], at, times);
        Assert.Empty(await FindAsync());

        await AwaitAsync(_accepted[0], at.AddSeconds(-1), times);
        Assert.Equal([_accepted[0].Id], await FindAsync());
    }

    [Fact]
    public async Task What_is_found_is_due_at_once_and_counted_and_no_longer_found()
    {
        await AwaitAsync(_accepted[0], LostBefore.AddHours(-1));
        await AwaitAsync(_accepted[1], LostBefore.AddHours(-1), times: 2);

        Assert.Equal(2, await _store.HandToPollerAsync([Owed(_accepted[1]), Owed(_accepted[0])], CancellationToken.None));

        Assert.Equal([1, 3], await _world.Database.ColumnAsync<short>("SELECT owed_times FROM deliveries WHERE due_at <= now() ORDER BY seq"));
        Assert.Empty(await FindAsync());
    }

    [Fact]
    public async Task What_was_attempted_meanwhile_is_left_alone()
    {
        await AwaitAsync(_accepted[0], LostBefore.AddHours(-1));
        await _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 2 WHERE id = $1", _accepted[0].Id);

        Assert.Equal(0, await _store.HandToPollerAsync([Owed(_accepted[0])], CancellationToken.None));
    }

    [Fact]
    public async Task What_is_due_or_was_announced_again_is_under_way_and_what_was_lost_once_more_is_not()
    {
        await AwaitAsync(_accepted[0], LostBefore, times: 1);
        await AwaitAsync(_accepted[1], LostBefore.AddSeconds(-1), times: 1);
        await AwaitAsync(_accepted[2], LostBefore.AddSeconds(1));
        await _world.Database.ExecuteAsync("UPDATE deliveries SET due_at = now() WHERE id = $1", _accepted[3].Id);

        Assert.Equal(2, await _store.CountUnderWayAsync(LostBefore, most: 10, CancellationToken.None));
        Assert.Equal(0, await _store.CountUnderWayAsync(LostBefore, most: 0, CancellationToken.None));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static OwedDelivery Owed(Accepted delivery) => new(delivery.Id, delivery.CreatedAt, LastAttempt: 1);

    private Task AwaitAsync(Accepted delivery, DateTimeOffset at, short? times = null) => _world.Database.ExecuteAsync(
        $"UPDATE deliveries SET last_attempt = 1, next_attempt_at = $2, owed_times = {times?.ToString(provider: null) ?? "NULL"} WHERE id = $1", delivery.Id, at.UtcDateTime);

    private async Task<IEnumerable<Guid>> FindAsync() =>
        (await _store.FindAwaitedAsync(LostBefore, Grace, limit: 10, CancellationToken.None)).Select(delivery => delivery.Id);
}
