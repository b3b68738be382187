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
        var (other, teapot) = (writer.RecordAsync(Finished.LastAttempt(accepted[0])), writer.RecordAsync(Finished.LastAttempt(accepted[1], statusCode: 418)));
        cutter.CutAt("COMMIT\0"u8);
        await writer.StartAsync(CancellationToken.None);

        Assert.True(await other);
        await Assert.ThrowsAsync<PostgresException>(() => teapot);
        Assert.Equal(1, cutter.Cuts);
        await writer.StopAsync(CancellationToken.None);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
