using Microsoft.Extensions.DependencyInjection;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Repeats;

/// <summary>Who works on a delivery: within a process whoever has it in flight, among all whoever records the attempt.</summary>
public sealed class ClaimTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task A_delivery_is_in_flight_before_its_row_is_read()
    {
        // The other way round, a row read while an attempt runs would be gone by after its end, and the attempt made again.
        await using var receiver = await TestReceiver.StartAsync();
        var dispatcher = await _world.StartDispatcherAsync();
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(receiver.Url));
        await using var lockOut = await _world.Database.HoldAsync("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE");

        await _world.AnnounceAsync(accepted);

        await Eventually.TrueAsync(() => dispatcher.Services.GetRequiredService<InFlight>().Count == 1, World.Limit, "the delivery to be in flight");
        await lockOut.DisposeAsync();
        await _world.EndedAsync();
        Assert.Equal(1, receiver.Count);
    }

    [Fact]
    public async Task Of_two_dispatchers_that_make_the_same_attempt_one_records_it_and_goes_on()
    {
        const int Deliveries = 20;
        await using var receiver = await HeldReceiver.StartAsync(_ => new Answer(500));
        var accepted = await _world.AcceptAsync(
            await _world.SubscribeAsync(receiver.Requests.Url, new CustomRetry { MaxAttempts = 2, InitialDelaySeconds = 1 }, HeldReceiver.Deadline), Deliveries);
        await _world.StartDispatcherAsync();
        await _world.StartDispatcherAsync();
        await Eventually.TrueAsync(async () => await _world.ConsumersAsync() == World.ConsumersOf(dispatchers: 2), World.Limit, "both dispatchers to consume");

        // The queue hands one copy to each of its two consumers.
        foreach (var delivery in accepted)
        {
            await _world.AnnounceAsync([delivery]);
            await _world.AnnounceAsync([delivery]);
        }

        await receiver.Requests.WaitForAsync(Deliveries + 1);
        receiver.Release();

        await _world.EndedAsync();
        Assert.Equal(
            accepted.SelectMany(delivery => new[] { (delivery.Id, 1), (delivery.Id, 2) }).Order(),
            (await _world.AttemptsAsync()).Select(attempt => (attempt.DeliveryId, attempt.Number)).Order());
        // Once each in the second attempt, and at most twice in the first.
        Assert.InRange(receiver.Requests.Count, (2 * Deliveries) + 1, 3 * Deliveries);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
