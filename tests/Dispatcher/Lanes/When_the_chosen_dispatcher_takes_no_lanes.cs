using Npgsql;
using Webhooks.Dispatcher.Lanes;
using Webhooks.Local.Processes;
using Webhooks.Local.Provisioning;
using Webhooks.Subscriptions;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Dispatcher.Tests.Lanes;

/// <summary>It is alive, and others serve what it cannot take, without handing it over to it again and again. PostgreSQL is the test's own.</summary>
public sealed class When_the_chosen_dispatcher_takes_no_lanes : IAsyncLifetime
{
    private const int Lanes = 3;

    // Others hesitate before they take what is another's, and before they hand it over; and look around in between.
    private static readonly TimeSpan LongEnough = LaneLife.Hesitation * 4;

    private OwnedDirectory _directory = null!;
    private PostgresServer _postgres = null!;
    private World _world = null!;
    private HeldReceiver _receiver = null!;
    private ServiceHost _chosen = null!;
    private long _chosenId;
    private int _looking;
    private long _otherId;

    public async ValueTask InitializeAsync()
    {
        _directory = await TestDirectory.CreateOwnedAsync("postgres");
        _postgres = await PostgresServer.StartAsync(_directory);
        _world = await World.CreateAsync(await _postgres.CreateDatabaseAsync("chosen"));
        _receiver = await HeldReceiver.StartAsync();
        // A look that hangs does so to the end of the test.
        var patient = new NpgsqlConnectionStringBuilder(_world.Postgres.ConnectionString) { CommandTimeout = 300 };
        _chosen = await _world.StartDispatcherAsync(("ConnectionStrings:Postgres", patient.ConnectionString));
        _chosenId = await NewestAsync(after: 0);
        await Eventually.TrueAsync(
            async () => (_looking = await _world.Database.ScalarAsync<int>(
                "SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE query LIKE 'SELECT subscription_id, fence FROM lanes WHERE holder%'")) > 0,
            World.Limit, "a look");
        await _world.StartDispatcherAsync();
        _otherId = await NewestAsync(after: _chosenId);
        await _world.Database.ExecuteAsync("""
            CREATE TABLE freed (holder bigint);
            CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO freed VALUES (OLD.holder); RETURN NEW; END $$;
            CREATE TRIGGER note AFTER UPDATE ON lanes FOR EACH ROW WHEN (OLD.holder IS NOT NULL AND NEW.holder IS NULL) EXECUTE FUNCTION note();
            """);
    }

    [Fact]
    public async Task Should_leave_them_to_another_one_while_it_stops()
    {
        var subscriptions = await SubscribeAsync();
        await AreHeldAsync(subscriptions, _chosenId);
        // As long as this one is on the wire, it serves it.
        await _world.AcceptIntoLaneAsync(subscriptions[0]);
        await _receiver.Requests.WaitForAsync(1);

        var stop = _chosen.DisposeAsync().AsTask();

        await AreHeldAsync(subscriptions[1..], _otherId);
        await IsAliveForLongAsync();
        Assert.DoesNotContain(_otherId, await FreedAsync());
        await AreHeldAsync(subscriptions[1..], _otherId);

        _receiver.Release();
        await stop;
        await AreHeldAsync(subscriptions, _otherId);
        await _world.EndedAsync();
        // One, or as many as a machine needed that was so slow that the send timed out.
        Assert.Equal((await _world.AttemptsAsync()).Count, _receiver.Requests.Count);
    }

    [Fact]
    public async Task Should_leave_them_to_another_one_while_its_looks_hang()
    {
        List<Subscription> subscriptions;
        using (FrozenProcesses.Of(_looking))
        {
            subscriptions = await SubscribeAsync();

            await AreHeldAsync(subscriptions, _otherId);
            await IsAliveForLongAsync();
            Assert.DoesNotContain(_otherId, await FreedAsync());
            await AreHeldAsync(subscriptions, _otherId);
        }

        await AreHeldAsync(subscriptions, _chosenId);
    }

    public async ValueTask DisposeAsync()
    {
        _receiver.Release();
        await _world.DisposeAsync();
        await _receiver.DisposeAsync();
        await _postgres.DisposeAsync();
        _directory.Dispose();
    }

    /// <summary>With lanes for which the one is chosen that is to take none.</summary>
    private async Task<List<Subscription>> SubscribeAsync()
    {
        var its = new List<Subscription>();
        var settings = World.SettingsFor(_receiver.Requests.Url, "*") with { MaxInFlight = 1, Timeout = HeldReceiver.Deadline };
        while (its.Count < Lanes)
        {
            var subscription = await _world.SubscribeAsync(settings);
            if (Rendezvous.Choose(subscription.Id, [_chosenId, _otherId]) == _chosenId)
            {
                its.Add(subscription);
            }
        }

        return its;
    }

    private async Task AreHeldAsync(IReadOnlyList<Subscription> subscriptions, long by)
    {
        Guid[] ids = [.. subscriptions.Select(subscription => subscription.Id)];
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM lanes WHERE subscription_id = ANY($1) AND holder = $2", ids, by) == ids.Length,
            World.Limit, $"the lanes to be held by {by}");
    }

    /// <summary>As its renewals show.</summary>
    private async Task IsAliveForLongAsync()
    {
        var first = await AliveUntilAsync();
        await Eventually.TrueAsync(async () => await AliveUntilAsync() - first >= LongEnough, World.Limit, "it to be alive for long");
    }

    // On a machine so slow that the send has timed out by then it has been alive for long.
    private Task<DateTime> AliveUntilAsync() => _world.Database.ScalarAsync<DateTime>(
        "SELECT coalesce(max(alive_until), 'infinity') FROM dispatchers WHERE id = $1", _chosenId);

    /// <summary>Who has freed lanes.</summary>
    private Task<IReadOnlyList<long>> FreedAsync() => _world.Database.ColumnAsync<long>("SELECT holder FROM freed");

    private async Task<long> NewestAsync(long after)
    {
        var newest = 0L;
        await Eventually.TrueAsync(
            async () => (newest = await _world.Database.ScalarAsync<long>("SELECT coalesce(max(id), 0) FROM dispatchers")) > after, World.Limit, "a dispatcher that is alive");
        return newest;
    }
}
