using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Publisher.Tests.Outages;

/// <summary>One stands by. However the turn passes to it, and back: what was published first is accepted first.</summary>
public sealed class When_the_active_publisher_goes : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private World _world = null!;
    private OrderlyNeighbour _neighbour = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        await _world.SubscribeAsync("*");
    }

    [Fact]
    public async Task Should_keep_the_order_when_it_is_stopped()
    {
        var first = await _world.StartPublisherAsync();
        await BeginAsync();

        await first.DisposeAsync();

        await GoesOnAsync();
        await _neighbour.AssertAcceptedInOrderAsync();
    }

    [Fact]
    public async Task Should_keep_the_order_when_it_is_killed()
    {
        await using var first = await ServiceChild.StartAsync("Publisher", _world.Settings());
        await BeginAsync();

        await first.KillAsync();

        await GoesOnAsync();
        await _neighbour.AssertAcceptedInOrderAsync();
    }

    [Fact]
    public async Task Should_keep_the_order_when_it_is_cut_off_from_the_broker()
    {
        var broker = new Uri(_world.Settings().Single(setting => setting.Key == "ConnectionStrings:RabbitMq").Value);
        await using var relay = new TcpRelay(broker.Host, broker.Port);
        await _world.StartPublisherAsync(_world.RabbitMqAt(relay.Port));
        await BeginAsync();

        relay.Cut();
        await GoesOnAsync(stop: false);
        relay.Restore();

        await GoesOnAsync();
        await _neighbour.AssertAcceptedInOrderAsync();
    }

    [Fact]
    public async Task Should_pass_the_turn_on_in_order_when_it_alone_has_lost_the_database()
    {
        await using var relay = new TcpRelay("127.0.0.1", _world.Postgres.Port);
        await _world.StartPublisherAsync(_world.PostgresAt(relay.Port));
        await BeginAsync();

        relay.Cut();
        await GoesOnAsync(stop: false);
        relay.Restore();
        await Eventually.TrueAsync(async () => await _world.ConsumersAsync() == 2, Limit, "the first one to be back");

        await GoesOnAsync();
        await _neighbour.AssertAcceptedInOrderAsync();
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    /// <summary>Starts the one that stands by, and the events; returns when the first one is at work.</summary>
    private async Task BeginAsync()
    {
        await Eventually.TrueAsync(async () => await _world.ConsumersAsync() == 1, Limit, "the first publisher to consume");
        await _world.StartPublisherAsync();
        await Eventually.TrueAsync(async () => await _world.ConsumersAsync() == 2, Limit, "the second one to stand by");
        _neighbour = OrderlyNeighbour.Of(_world);
        await Eventually.TrueAsync(async () => await AcceptedAsync() > 200, Limit, "events to be accepted");
    }

    /// <summary>Waits until events are accepted that were published from now on.</summary>
    private async Task GoesOnAsync(bool stop = true)
    {
        var published = _neighbour.Published;
        await Eventually.TrueAsync(() => _neighbour.Published > published + 200, Limit, "more events");
        if (stop)
        {
            await _neighbour.StopAsync(more: 100);
        }

        await Eventually.TrueAsync(async () => await AcceptedAsync() > published, Limit, "the other one to go on");
    }

    private Task<long> AcceptedAsync() => _world.Database.ScalarAsync<long>("SELECT count(*) FROM event_keys");
}
