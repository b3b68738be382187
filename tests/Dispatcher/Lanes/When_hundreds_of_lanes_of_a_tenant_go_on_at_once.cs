using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Dispatcher.Tests.Lanes;

/// <summary>
/// As they do when the network to their receivers is back: each of them reads, sends and reads again, from a database that needs its time for
/// each answer. Beside them another tenant has one lane, with as much to do as each of theirs.
/// </summary>
public sealed class When_hundreds_of_lanes_of_a_tenant_go_on_at_once : IAsyncLifetime
{
    private const int Lanes = 300;
    private const int Each = 4;

    private World _world = null!;
    private TcpRelay _relay = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _relay = new TcpRelay("127.0.0.1", _world.Postgres.Port);
    }

    [Fact]
    public async Task Should_not_have_the_lane_of_another_tenant_read_behind_all_of_them()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var settings = World.SettingsFor($"{receiver.Url}/many", "*") with { MaxInFlight = 1 };
        var many = await _world.SubscribeAsync("tenant_002", settings, Lanes);
        var other = await _world.SubscribeAsync(settings with { Url = $"{receiver.Url}/other" });
        for (var number = 0; number < Each; number++)
        {
            await _world.AcceptAsync(many);
        }

        await _world.AcceptAsync(other, Each);
        await _world.Database.ExecuteAsync("UPDATE deliveries SET lane_due_at = created_at");
        _relay.DelayAnswers(by: TimeSpan.FromMilliseconds(20));

        await _world.StartDispatcherAsync(_world.PostgresAt(_relay.Port));

        await _world.EndedAsync();
        var paths = receiver.Requests.Select(request => request.Path).ToList();
        Assert.Equal((Lanes + 1) * Each, paths.Count);
        // First come, first served, each of them would be at its last one, too.
        Assert.InRange(paths.LastIndexOf("/other"), Each - 1, Lanes * Each / 2);
    }

    public async ValueTask DisposeAsync()
    {
        await _world.DisposeAsync();
        await _relay.DisposeAsync();
    }
}
