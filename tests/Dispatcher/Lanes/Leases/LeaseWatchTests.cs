using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Webhooks.Dispatcher.Lanes.Leases;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Dispatcher.Tests.Lanes.Leases;

/// <summary>Two dispatchers as far as their leases go; the first looks around, and each may lose the database.</summary>
public sealed class LeaseWatchTests : IAsyncLifetime
{
    private readonly Contact _contact = new();
    private readonly Lease _firstLease = new(TimeProvider.System);
    private readonly Lease _secondLease = new(TimeProvider.System);
    private World _world = null!;
    private TcpRelay _renewals = null!;
    private TcpRelay _looks = null!;
    private NpgsqlDataSource _renewing = null!;
    private NpgsqlDataSource _looking = null!;
    private LeaseKeeper _first = null!;
    private LeaseKeeper _second = null!;
    private LeaseWatch _watch = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        (_renewals, _looks) = (new TcpRelay("127.0.0.1", _world.Postgres.Port), new TcpRelay("127.0.0.1", _world.Postgres.Port));
        (_renewing, _looking) = (Over(_renewals), Over(_looks));
        _first = new LeaseKeeper(_renewing, _firstLease, _contact, TimeProvider.System, NullLogger<LeaseKeeper>.Instance);
        _second = new LeaseKeeper(_renewing, _secondLease, new Contact(), TimeProvider.System, NullLogger<LeaseKeeper>.Instance);
        _watch = new LeaseWatch(_looking, _contact);
        await _first.RenewAsync(CancellationToken.None);
        await _second.RenewAsync(CancellationToken.None);
        await Eventually.TrueAsync(
            async () =>
            {
                await _first.RenewAsync(CancellationToken.None);
                await _second.RenewAsync(CancellationToken.None);
                return _contact.JudgesUntil is not null;
            },
            World.Limit, "the first to be in contact for a term");
    }

    [Fact]
    public async Task Whoever_comes_back_first_after_an_outage_leaves_the_others_time_to_come_back()
    {
        var held = _secondLease.Id;

        _renewals.Cut();
        _looks.Cut();
        await HaveRunOutAsync();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => _first.RenewAsync(CancellationToken.None));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => _second.RenewAsync(CancellationToken.None));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => _watch.LookAroundAsync(_firstLease.Id, CancellationToken.None));
        _renewals.Restore();
        _looks.Restore();

        // Whether it looks around before it has renewed its own, or after that.
        Assert.Equal([_firstLease.Id, held], await SeenAsync());
        await _first.RenewAsync(CancellationToken.None);
        Assert.Equal([_firstLease.Id, held], await SeenAsync());
        await _second.RenewAsync(CancellationToken.None);
        Assert.Equal(held, _secondLease.Id);
    }

    [Fact]
    public async Task What_was_asked_before_the_database_fell_silent_ends_nobodys_lease_when_it_speaks_again()
    {
        var held = _secondLease.Id;
        await SeenAsync();

        _looks.FallSilent();
        var look = _watch.LookAroundAsync(_firstLease.Id, CancellationToken.None);
        await _looks.HoldsAsync();
        await HaveRunOutAsync();
        await _first.RenewAsync(CancellationToken.None);
        _looks.Restore();

        await look;
        Assert.Equal([_firstLease.Id, held], await LeasesAsync());
        await _second.RenewAsync(CancellationToken.None);
        Assert.Equal(held, _secondLease.Id);
    }

    [Fact]
    public async Task One_that_does_not_come_back_is_missed_all_the_same()
    {
        _renewals.Cut();
        await HaveRunOutAsync();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => _first.RenewAsync(CancellationToken.None));
        _renewals.Restore();

        await Eventually.TrueAsync(
            async () =>
            {
                await _first.RenewAsync(CancellationToken.None);
                return (await SeenAsync()).SequenceEqual([_firstLease.Id]);
            },
            World.Limit, "the dead one's lease to be ended");
    }

    // As one does that commits slowly: for as long as that lasts nobody else would go on with what the dead one had.
    [Fact]
    public async Task One_that_dies_while_the_database_is_slow_is_missed_all_the_same()
    {
        _renewals.DelayAnswers(TimeSpan.FromMilliseconds(400));
        using var ending = new CancellationTokenSource();
        var keeping = _first.KeepAsync(ending.Token);
        try
        {
            await Eventually.TrueAsync(
                async () => (await SeenAsync()).SequenceEqual([_firstLease.Id]), World.Limit, "the dead one's lease to be ended");
        }
        finally
        {
            await ending.CancelAsync();
            await keeping;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _watch.DisposeAsync();
        await _first.DisposeAsync();
        await _second.DisposeAsync();
        await _renewing.DisposeAsync();
        await _looking.DisposeAsync();
        await _renewals.DisposeAsync();
        await _looks.DisposeAsync();
        await _world.DisposeAsync();
    }

    private NpgsqlDataSource Over(TcpRelay relay) =>
        NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(_world.Postgres.ConnectionString) { Port = relay.Port, Pooling = false });

    /// <summary>Those that are not ended after the first has looked around.</summary>
    private async Task<IReadOnlyList<long>> SeenAsync()
    {
        await _watch.LookAroundAsync(_firstLease.Id, CancellationToken.None);
        return await LeasesAsync();
    }

    private Task<IReadOnlyList<long>> LeasesAsync() => _world.Database.ColumnAsync<long>("SELECT id FROM dispatchers ORDER BY id");

    private Task HaveRunOutAsync() => Eventually.TrueAsync(
        async () => await _world.Database.ScalarAsync<bool>("SELECT bool_and(alive_until < clock_timestamp()) FROM dispatchers"), World.Limit, "the leases to run out");
}
