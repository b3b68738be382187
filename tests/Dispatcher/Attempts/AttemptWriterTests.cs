using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Attempts;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Dispatcher.Tests.Attempts;

/// <summary>Whose a claim is when it is not known what an earlier try has done.</summary>
public sealed class AttemptWriterTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task A_claim_of_a_try_that_was_not_answered_is_our_own_also_when_the_group_is_halved_afterwards()
    {
        await using var cutter = AnswerCutter.Before(_world.Postgres.Port);
        await using var database = NpgsqlDataSource.Create(_world.PostgresAt(cutter.Port).Value);
        using var gate = new DatabaseGate(database, TimeProvider.System, NullLogger<DatabaseGate>.Instance);
        // Between the two tries, so that the second is refused for its data, and halved.
        gate.Closed += () => _world.Database.ExecuteAsync("ALTER TABLE attempts ADD CONSTRAINT no_teapots CHECK (status_code <> 418) NOT VALID").GetAwaiter().GetResult();
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync("https://receiver.example/"), count: 2);
        using var writer = new AttemptWriter(
            Stores.Attempts(database), gone: null!, gate, TimeProvider.System, NullLogger<AttemptWriter>.Instance);

        // One group: both are there before the writer begins.
        var (other, teapot) = (
            writer.RecordAsync(Finished.LastAttempt(accepted[0]), () => false, CancellationToken.None),
            writer.RecordAsync(Finished.LastAttempt(accepted[1], statusCode: 418), () => false, CancellationToken.None));
        cutter.CutAt("COMMIT\0"u8);
        await writer.StartAsync(CancellationToken.None);

        Assert.True(await other);
        await Assert.ThrowsAsync<PostgresException>(() => teapot);
        Assert.Equal(1, cutter.Cuts);
        await writer.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_claim_of_a_try_that_was_not_answered_is_our_own_also_when_later_ones_were_refused()
    {
        await using var cutter = AnswerCutter.Before(_world.Postgres.Port);
        await using var database = NpgsqlDataSource.Create(_world.PostgresAt(cutter.Port).Value);
        using var gate = new DatabaseGate(database, TimeProvider.System, NullLogger<DatabaseGate>.Instance);
        gate.Closed += () => _world.Database.ExecuteAsync("ALTER TABLE attempts ADD CONSTRAINT no_teapots CHECK (status_code <> 418) NOT VALID").GetAwaiter().GetResult();
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync("https://receiver.example/"));
        using var writer = new AttemptWriter(
            Stores.Attempts(database), gone: null!, gate, TimeProvider.System, NullLogger<AttemptWriter>.Instance);
        cutter.CutAt("COMMIT\0"u8);
        await writer.StartAsync(CancellationToken.None);

        var refusals = 0;
        var claimed = await writer.RecordAsync(
            Finished.LastAttempt(accepted[0], statusCode: 418),
            () =>
            {
                if (++refusals == 2)
                {
                    _world.Database.ExecuteAsync("ALTER TABLE attempts DROP CONSTRAINT no_teapots").GetAwaiter().GetResult();
                }

                return true;
            },
            CancellationToken.None);

        Assert.True(claimed);
        Assert.Equal((1, 2), (cutter.Cuts, refusals));
        await writer.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_record_that_is_refused_is_left_when_it_is_stopped()
    {
        await _world.RefuseRecordsAsync();
        using var gate = new DatabaseGate(_world.Database, TimeProvider.System, NullLogger<DatabaseGate>.Instance);
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync("https://receiver.example/"));
        using var writer = new AttemptWriter(
            Stores.Attempts(_world.Database), gone: null!, gate, TimeProvider.System, NullLogger<AttemptWriter>.Instance);
        await writer.StartAsync(CancellationToken.None);
        using var stop = new CancellationTokenSource();

        var recording = writer.RecordAsync(
            Finished.LastAttempt(accepted[0], statusCode: 418),
            () =>
            {
                stop.Cancel();
                return true;
            },
            stop.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => recording);
        Assert.Equal(1, await _world.TriesToRecordAsync());
        await writer.StopAsync(CancellationToken.None);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
