using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Webhooks.Database.Faults;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Outages;

/// <summary>It is read between a delivery's look and its send.</summary>
public sealed class When_an_old_revision_cannot_be_read : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Should_wait_for_the_database_and_count_no_fault_of_the_delivery()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var subscription = await _world.SubscribeAsync(receiver.Url);
        var accepted = await _world.AcceptAsync(subscription);
        var changed = await _world.ChangeAsync(subscription, current => current with { Settings = current.Settings with { Description = "another" } });
        var dispatcher = await _world.StartDispatcherAsync(("ConnectionStrings:Postgres", $"{_world.Postgres.ConnectionString};Options=-c lock_timeout=100ms"));
        await _world.DeliverAsync(changed);
        await _world.HaveAttemptsAsync(1);

        await using (var session = await _world.Database.OpenConnectionAsync())
        {
            await using var holding = await session.BeginTransactionAsync();
            await using var hold = new NpgsqlCommand("LOCK TABLE subscription_revisions IN ACCESS EXCLUSIVE MODE", session);
            await hold.ExecuteNonQueryAsync();
            await _world.AnnounceAsync(accepted);

            var gate = dispatcher.Services.GetRequiredService<DatabaseGate>();
            await Eventually.TrueAsync(() => gate.IsRefusing, TimeSpan.FromSeconds(30), "the outage to be seen");
        }

        await _world.EndedAsync();
        Assert.Equal(2, receiver.Count);
        Assert.All(await _world.DeliveriesAsync<string>("status"), status => Assert.Equal("delivered", status));
        Assert.Empty(await _world.ParkedAsync());
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
