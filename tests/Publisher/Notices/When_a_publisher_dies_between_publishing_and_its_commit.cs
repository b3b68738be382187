using Npgsql;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests.Notices;

public sealed class When_a_publisher_dies_between_publishing_and_its_commit : IAsyncLifetime
{
    private const string Deleting = "datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'DELETE FROM notices%'";

    private World _world = null!;
    private Told _told = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        await _world.SubscribeAsync("webhook.*");
        _told = await Told.ListenAsync(_world);
    }

    [Fact]
    public async Task Should_be_published_again_with_the_same_id_and_be_one_event()
    {
        await _told.LeaveAsync(Told.Exhausted(1));
        await using (var session = await _world.Database.OpenConnectionAsync())
        {
            // It can be read and changed, and not deleted.
            await using var transaction = await session.BeginTransactionAsync();
            await using var nobodyDeletes = new NpgsqlCommand("SELECT seq FROM notices FOR KEY SHARE", session);
            await nobodyDeletes.ExecuteNonQueryAsync();

            await using var dying = await ServiceChild.StartAsync("Publisher", _world.Settings());
            Assert.Equal("dlv_1_exhausted", (await _told.NextAsync()).BasicProperties.MessageId);
            Assert.Single(await _world.DeliveriesAsync<Guid>("id"));
            await Eventually.TrueAsync(
                async () => await _world.Database.ScalarAsync<long>($"SELECT count(*) FROM pg_stat_activity WHERE {Deleting}") == 1, Told.Limit, "it to be about to delete");
            await dying.KillAsync();
            // The server would not notice before the statement's end that nobody is there.
            await _world.Database.EndSessionsAsync(Deleting);
        }

        Assert.Equal(1, await _told.CountAsync());

        await _world.StartPublisherAsync();

        Assert.Equal(["dlv_1_exhausted"], await _told.AllAsync());
        Assert.Equal(["dlv_1_exhausted"], await _world.DeliveriesAsync<string>("event_id"));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
