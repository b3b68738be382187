using Webhooks.TestKit;

namespace Webhooks.CallbackIngest.Tests.Expiry;

public sealed class ExpiryTests(World world) : IClassFixture<World>
{
    [Fact]
    public async Task Keys_are_forgotten_after_their_days_and_the_young_stay()
    {
        await world.Ingest.AcceptAsync(IngestClient.Body(), "old");
        await world.Ingest.AcceptAsync(IngestClient.Body(), "young");
        var (eightDays, sixDays) = (Guid.CreateVersion7(TimeProvider.System.GetUtcNow().AddDays(-8)), Guid.CreateVersion7(TimeProvider.System.GetUtcNow().AddDays(-6)));
        await world.Database.ExecuteAsync("UPDATE callbacks SET id = $1 WHERE idempotency_key = 'young'", sixDays);
        await world.Database.ExecuteAsync("UPDATE callbacks SET id = $1 WHERE idempotency_key = 'old'", eightDays);

        await Eventually.TrueAsync(
            async () => await world.Database.ScalarAsync<long>("SELECT count(*) FROM callbacks WHERE idempotency_key = 'old'") == 0, World.Limit, "the old key to be forgotten");
        Assert.Equal("accepted", await world.StatusAsync("young"));
        await world.Ingest.AcceptAsync(IngestClient.Body(note: "other"), "old");
    }

    [Fact]
    public async Task A_reservation_that_nobody_takes_over_ends_as_failed()
    {
        await world.Ingest.AcceptAsync(IngestClient.Body(), "left");
        await world.Database.ExecuteAsync("UPDATE callbacks SET status = 'reserved', repeat_at = NULL, lease_until = clock_timestamp() WHERE idempotency_key = 'left'");

        await world.StatusIsAsync("left", "failed");

        await world.Ingest.AcceptAsync(IngestClient.Body(), "left");
    }
}
