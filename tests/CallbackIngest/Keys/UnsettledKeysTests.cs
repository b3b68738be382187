using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Webhooks.CallbackIngest.Callbacks;
using Webhooks.CallbackIngest.Keys;
using Webhooks.Database.Faults;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.CallbackIngest.Tests.Keys;

/// <summary>RabbitMQ has the command: that its key says so is not lost because the service stops while the database is away.</summary>
public sealed class UnsettledKeysTests : IClassFixture<World>, IAsyncDisposable
{
    private static readonly IOptions<CallbackOptions> Options = Microsoft.Extensions.Options.Options.Create(new CallbackOptions { CallbacksPerMinute = 0 });

    private readonly World _world;

    // Of the unsettled: it stands still, and so does the probing of a database that was away.
    private readonly StoppedClock _clock = new();
    private readonly TcpRelay _relay;
    private readonly NpgsqlDataSource _database;
    private readonly DatabaseGate _gate;
    private readonly UnsettledKeys _unsettled;
    private readonly KeyKeeper _keeper;

    public UnsettledKeysTests(World world)
    {
        _world = world;
        _relay = new TcpRelay(world.Postgres.Host!, world.Postgres.Port);
        _database = NpgsqlDataSource.Create(world.PostgresAt(_relay.Port).Value);
        _gate = new DatabaseGate(_database, _clock, NullLogger<DatabaseGate>.Instance);
        var completions = new CompletionStore(_database, Options);
        _unsettled = new UnsettledKeys(completions, _gate, Options, _clock, NullLogger<UnsettledKeys>.Instance);
        _keeper = new KeyKeeper(new KeyStore(_database, Options), completions, _unsettled, TimeProvider.System);
    }

    [Fact]
    public async Task What_was_being_written_when_the_service_stops_is_written_at_the_stop()
    {
        var (inHand, waiting) = (await ReserveAsync("in-hand"), await ReserveAsync("waiting"));
        await _unsettled.StartAsync(CancellationToken.None);
        _relay.Cut();
        _unsettled.Add(inHand);
        await Eventually.TrueAsync(
            () =>
            {
                _clock.Advance(TimeSpan.FromMilliseconds(500));
                return !_gate.IsOpen;
            },
            World.Limit,
            "the write to fail");
        _unsettled.Add(waiting);
        _relay.Restore();

        await _unsettled.StopAsync(CancellationToken.None).WaitAsync(World.Limit);

        Assert.Equal(("accepted", "accepted"), (await _world.StatusAsync("in-hand"), await _world.StatusAsync("waiting")));
    }

    [Fact]
    public async Task What_the_last_groups_could_not_write_and_what_ends_after_them_is_written_at_the_stop()
    {
        var (last, late) = (await ReserveAsync("last"), await ReserveAsync("late-ended"));
        await _keeper.StartAsync(CancellationToken.None);
        _relay.Cut();
        var completing = _keeper.CompleteAsync(last);
        await _keeper.StopAsync(CancellationToken.None).WaitAsync(World.Limit);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _keeper.CompleteAsync(late));
        _relay.Restore();

        await _unsettled.StopAsync(CancellationToken.None).WaitAsync(World.Limit);

        Assert.Equal(("accepted", "accepted"), (await _world.StatusAsync("last"), await _world.StatusAsync("late-ended")));
        Assert.True(DatabaseFault.IsOurs(await Assert.ThrowsAnyAsync<Exception>(() => completing)));
    }

    public async ValueTask DisposeAsync()
    {
        _unsettled.Dispose();
        _gate.Dispose();
        await _database.DisposeAsync();
        await _relay.DisposeAsync();
    }

    private async Task<Completion> ReserveAsync(string key)
    {
        var callback = TestCallback.Of(key);
        Assert.IsType<KeyOutcome.Reserved>(Assert.Single(await new KeyStore(_world.Database, Options).ReserveAsync([callback], CancellationToken.None)));
        return new Completion(callback, FailedBecause: null);
    }
}
