using Microsoft.Extensions.DependencyInjection;
using Webhooks.Dispatcher.Owed;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Owed;

public sealed class OwedFinderTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task What_dispatchers_noted_that_are_long_gone_is_deleted_also_when_one_leads_for_long()
    {
        var clock = new TestClock();
        var dispatcher = await _world.StartDispatcherAsync();
        using var leading = new CancellationTokenSource();
        await NoteLongAgoAsync();
        var finding = ActivatorUtilities.CreateInstance<OwedFinder>(dispatcher.Services, clock).RunAsync(leading.Token);
        await AreGoneAsync();

        await NoteLongAgoAsync();

        // Each time: it may not be waiting yet when the first hour passes.
        await AreGoneAsync(meanwhile: () => clock.Advance(TimeSpan.FromHours(1)));
        await leading.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => finding);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private Task NoteLongAgoAsync() => _world.Database.ExecuteAsync(
        "INSERT INTO queue_marks (queue, dispatcher, mark, noted_at) VALUES ('some', gen_random_uuid(), now(), now() - interval '25 hours')");

    private Task AreGoneAsync(Action? meanwhile = null) => Eventually.TrueAsync(
        async () =>
        {
            meanwhile?.Invoke();
            return await _world.Database.ScalarAsync<long>("SELECT count(*) FROM queue_marks WHERE queue = 'some'") == 0;
        },
        World.Limit, "the old notes to be deleted");
}
