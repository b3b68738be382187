using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Webhooks.Database.Faults;
using Webhooks.Database.Migrations;
using Webhooks.Database.Partitions;
using Webhooks.Dispatcher.Attempts;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Sending;
using Webhooks.Subscriptions.Events;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Dispatcher.Tests.Attempts;

/// <summary>The attempt is on disk, but its writer was not told: tried again, it finds its own claim.</summary>
public sealed class When_the_answer_to_a_commit_is_lost
{
    [Fact]
    public async Task Should_still_carry_out_what_follows_and_record_the_attempt_once()
    {
        var direct = new NpgsqlConnectionStringBuilder(await TestDatabase.CreateAsync());
        await using var cutter = AnswerCutter.Before(direct.Port);
        await using var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(direct.ConnectionString) { Port = cutter.Port }.ConnectionString);
        await new Migrator(database, NullLogger<Migrator>.Instance).MigrateAsync(CancellationToken.None);
        await new DayPartitions(database, TimeProvider.System).EnsureAsync(CancellationToken.None);
        var delivery = await InsertDeliveryAsync(database);

        using var writer = new AttemptWriter(
            new AttemptStore(database), new DatabaseGate(database, TimeProvider.System, NullLogger<DatabaseGate>.Instance),
            TimeProvider.System, NullLogger<AttemptWriter>.Instance);
        await writer.StartAsync(CancellationToken.None);
        cutter.CutAt("COMMIT\0"u8);

        var claimed = await writer.RecordAsync(FailedOnce(delivery)).WaitAsync(TimeSpan.FromSeconds(30));

        await writer.StopAsync(CancellationToken.None);
        Assert.Equal(1, cutter.Cuts);
        Assert.True(claimed, "Nobody would announce the next attempt.");
        await using var count = database.CreateCommand("SELECT (SELECT count(*) FROM attempts) || ' ' || (SELECT last_attempt FROM deliveries)");
        Assert.Equal("1 1", await count.ExecuteScalarAsync());
    }

    private static FinishedAttempt FailedOnce(DeliveryRow delivery) => new()
    {
        Delivery = delivery,
        Number = 1,
        Request = new SendRequest("https://receiver.example/", default, [], TimeSpan.FromSeconds(5)),
        Result = new SendResult { Outcome = AttemptOutcome.ServerError, StatusCode = 503, StartedAt = delivery.CreatedAt, Duration = TimeSpan.FromMilliseconds(3) },
        Next = new NextStep.Retry(TimeSpan.FromSeconds(5), Brokered: true),
        NextAttemptAt = delivery.CreatedAt.AddSeconds(5),
        TraceId = null,
    };

    private static async Task<DeliveryRow> InsertDeliveryAsync(NpgsqlDataSource database)
    {
        await using var insert = database.CreateCommand(
            """
            INSERT INTO deliveries (created_at, id, tenant_id, event_id, event_type, subscription_id, revision)
            VALUES (now(), $1, 'tenant_001', 'evt_1', 'a.b', $1, 1) RETURNING created_at
            """);
        var id = Guid.CreateVersion7();
        insert.Parameters.AddWithValue(id);
        var createdAt = (DateTime)(await insert.ExecuteScalarAsync())!;
        return new DeliveryRow
        {
            Id = id,
            CreatedAt = createdAt,
            SubscriptionId = id,
            Revision = 1,
            Pending = true,
            LastAttempt = 0,
            NextAttemptAt = null,
            DueAt = null,
            Event = new AcceptedEvent { Id = "evt_1", Type = "a.b", TenantId = "tenant_001", Timestamp = "2024-01-20T10:30:00Z", Version = "1.0", Data = "{}"u8.ToArray() },
        };
    }
}
