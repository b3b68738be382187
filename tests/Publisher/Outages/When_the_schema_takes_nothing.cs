using Webhooks.Contracts;
using Webhooks.Publisher.Tests.Notices;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests.Outages;

/// <summary>No event's fault: a backup that was restored beneath the services lacks the partitions of these days, or a column.</summary>
public sealed class When_the_schema_takes_nothing : IAsyncLifetime
{
    private const string NoPartitions = """
        DO $$
        DECLARE
            child regclass;
        BEGIN
            FOR child IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'events'::regclass LOOP
                EXECUTE format('DROP TABLE %s', child);
            END LOOP;
        END $$
        """;

    private World _world = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        await _world.SubscribeAsync("*", "webhook.*");
    }

    [Theory]
    [InlineData(NoPartitions, "SELECT 1")] // made anew by the restart
    [InlineData("ALTER TABLE events RENAME COLUMN version TO edition", "ALTER TABLE events RENAME COLUMN edition TO version")]
    public async Task Should_end_the_service_and_leave_the_events_to_the_next(string broken, string mended)
    {
        var publisher = await _world.StartPublisherAsync();
        await _world.Database.ExecuteAsync(broken);

        await PublishAsync(events: 3);

        await HasEndedAsync(publisher);
        await AssertNothingIsParkedAsync(events: 3);
        await _world.Database.ExecuteAsync(mended);
        await _world.StartPublisherAsync();
        Assert.Equal(3, (await _world.AnnouncementsAsync(3)).Count);
    }

    // Three tries alone end in a publisher's death. These are none.
    [Fact]
    public async Task Should_park_no_suspect_however_often_the_service_ends()
    {
        await _world.Database.ExecuteAsync("ALTER TABLE events RENAME COLUMN version TO edition");
        await PublishAsync(events: 3);
        await _world.Bus.HoldAsync(BrokerNames.PublisherQueue, messages: 3, times: 20);

        for (var start = 0; start < 4; start++)
        {
            await using var publisher = await ServiceChild.StartAsync("Publisher", _world.Settings());
            Assert.Equal(1, await publisher.ExitCodeAsync(World.Limit));
            Assert.Contains("What was being worked on is not to blame", await File.ReadAllTextAsync(publisher.LogFile), StringComparison.Ordinal);
        }

        await AssertNothingIsParkedAsync(events: 3);
        await _world.Database.ExecuteAsync("ALTER TABLE events RENAME COLUMN edition TO version");
        await _world.StartPublisherAsync();
        await _world.SettledAsync();
        Assert.Equal(["evt_0", "evt_1", "evt_2"], await _world.DeliveriesAsync<string>("event_id"));
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM suspects"));
    }

    [Fact]
    public async Task Should_accept_no_notice_without_its_event()
    {
        var told = await Told.ListenAsync(_world);
        var publisher = await _world.StartPublisherAsync();
        await _world.Database.ExecuteAsync(NoPartitions);

        await told.LeaveAsync(Told.Exhausted(1), Told.Exhausted(2));

        await HasEndedAsync(publisher);
        Assert.Equal(2, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM notices WHERE NOT accepted"));
        await _world.StartPublisherAsync();
        Assert.Equal(Told.Ids(1, 2), await told.AllAsync());
        Assert.Equal(Told.Ids(1, 2), await _world.DeliveriesAsync<string>("event_id"));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private async Task PublishAsync(int events)
    {
        foreach (var number in Enumerable.Range(0, events))
        {
            await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", $"evt_{number}"));
        }
    }

    private static async Task HasEndedAsync(ServiceHost publisher)
    {
        await Eventually.TrueAsync(() => publisher.Ended.IsCancellationRequested, World.Limit, "the service to end");
        await publisher.DisposeAsync();
    }

    private async Task AssertNothingIsParkedAsync(int events)
    {
        // The broker takes back what a connection held a moment after it has ended.
        await _world.Bus.WaitForCountAsync(BrokerNames.PublisherQueue, events);
        Assert.Empty(await _world.Bus.DrainAsync(BrokerNames.ParkingQueue));
    }
}
