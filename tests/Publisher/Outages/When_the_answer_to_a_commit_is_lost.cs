using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Publisher.Tests.Outages;

/// <summary>The event is accepted, but its publisher was not told: tried again, it looks like a repeat.</summary>
public sealed class When_the_answer_to_a_commit_is_lost : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        await _world.SubscribeAsync("*");
    }

    [Fact]
    public async Task Should_still_announce_the_deliveries()
    {
        await using var cutter = AnswerCutter.Before(_world.Postgres.Port);
        await _world.StartPublisherAsync(_world.PostgresAt(cutter.Port));

        cutter.CutAt("COMMIT\0"u8);
        await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b"));
        await _world.SettledAsync();

        Assert.Equal(1, cutter.Cuts);
        Assert.Equal(await _world.DeliveriesAsync<Guid>("id"), (await _world.AnnouncedAsync()).Select(message => message.DeliveryId));
        Assert.Single(await _world.DeliveriesAsync<Guid>("id"));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
