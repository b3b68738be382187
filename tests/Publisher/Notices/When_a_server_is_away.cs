using Microsoft.Extensions.DependencyInjection;
using Webhooks.Database.Faults;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Publisher.Tests.Notices;

/// <summary>Notices wait as rows, and are told once the server is there again.</summary>
public sealed class When_a_server_is_away : IAsyncLifetime
{
    private World _world = null!;
    private Told _told = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        await _world.SubscribeAsync("webhook.*");
        _told = await Told.ListenAsync(_world);
    }

    [Fact]
    public async Task Should_wait_for_the_broker_and_lose_nothing()
    {
        var broker = new Uri(_world.Settings().Single(setting => setting.Key == "ConnectionStrings:RabbitMq").Value);
        await using var relay = new TcpRelay(broker.Host, broker.Port);
        await _world.StartPublisherAsync(("ConnectionStrings:RabbitMq", new UriBuilder(broker) { Host = "127.0.0.1", Port = relay.Port }.Uri.AbsoluteUri));
        await LeaveAsync(from: 0);
        Assert.Equal(Told.Ids(0, 150), await _told.AllAsync());

        relay.Cut();
        await LeaveAsync(from: 150);
        // The lock is held: a publisher is at it, and waits.
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") > 0,
            Told.Limit, "a publisher to try");
        Assert.Equal(150, await _told.CountAsync());

        relay.Restore();

        Assert.Equal(Told.Ids(150, 150), (await _told.AllAsync()).Distinct());
        Assert.Equal(Told.Ids(0, 300), await _world.DeliveriesAsync<string>("event_id"));
    }

    [Fact]
    public async Task Should_wait_for_the_database_and_lose_nothing()
    {
        await using var relay = new TcpRelay("127.0.0.1", _world.Postgres.Port);
        var publisher = await _world.StartPublisherAsync(_world.PostgresAt(relay.Port));
        var gate = publisher.Services.GetRequiredService<DatabaseGate>();
        await LeaveAsync(from: 0);
        Assert.Equal(Told.Ids(0, 150), await _told.AllAsync());

        relay.Cut();
        await LeaveAsync(from: 150);
        await Eventually.TrueAsync(() => !gate.IsOpen, Told.Limit, "the outage to be seen");
        Assert.Equal(150, await _told.CountAsync());
        relay.Restore();

        Assert.Equal(Told.Ids(150, 150), (await _told.AllAsync()).Distinct());
        Assert.Equal(Told.Ids(0, 300), await _world.DeliveriesAsync<string>("event_id"));
    }

    [Fact]
    public async Task Should_make_one_event_when_the_answer_to_the_commit_is_lost()
    {
        await using var cutter = AnswerCutter.Before(_world.Postgres.Port);
        await _world.StartPublisherAsync(_world.PostgresAt(cutter.Port));

        cutter.CutAt("COMMIT\0"u8);
        await _told.LeaveAsync(Told.Exhausted(1));

        Assert.Equal(["dlv_1_exhausted"], await _told.AllAsync());
        await Eventually.TrueAsync(() => cutter.Cuts == 1, Told.Limit, "the answer to be lost");
        await LeaveAsync(from: 2);
        Assert.Equal(Told.Ids(2, 150), await _told.AllAsync());
        Assert.Equal(Told.Ids(1, 151), await _world.DeliveriesAsync<string>("event_id"));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private Task LeaveAsync(int from) => _told.LeaveAsync(Enumerable.Range(from, 150).Select(number => Told.Exhausted(number)));
}
