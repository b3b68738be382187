using Npgsql;
using Webhooks.Database.Deliveries;

namespace Webhooks.Database.Replays;

/// <summary>A new delivery of an old event.</summary>
/// <param name="Key">Its own row's.</param>
/// <param name="Of">What it repeats.</param>
/// <param name="DueAt">When its first attempt is due.</param>
public readonly record struct NewReplay(DeliveryKey Key, Replayable Of, DateTimeOffset DueAt)
{
    /// <summary>Numbers the replays of one moment by microseconds, so that lists show them in their order.</summary>
    /// <param name="of">What it repeats.</param>
    /// <param name="moment">The database's time.</param>
    /// <param name="place">From 0.</param>
    /// <param name="dueAt">When its first attempt is due.</param>
    public static NewReplay At(Replayable of, DateTimeOffset moment, int place, DateTimeOffset dueAt)
    {
        var createdAt = moment.AddMicroseconds(place);
        // As every delivery's id, it tells its row's millisecond, and so the partition.
        return new NewReplay(new DeliveryKey(createdAt, Guid.CreateVersion7(createdAt)), of, dueAt);
    }
}

/// <summary>
/// The statement that makes replays. The rows alone announce them: they are due, and the due-poller publishes what is
/// due. What an ordinary delivery's first attempt has not, the time of the next attempt, tells when.
/// </summary>
public static class ReplayInsert
{
    private const string Insert = """
        INSERT INTO deliveries (created_at, id, tenant_id, event_id, event_type, subscription_id, revision, next_attempt_at, due_at, replay_of, event_created_at)
        SELECT created_at, id, tenant_id, event_id, event_type, subscription_id, revision, due_at, due_at, replay_of, event_created_at
        FROM unnest($1::timestamptz[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::int[], $8::timestamptz[], $9::uuid[], $10::timestamptz[])
            WITH ORDINALITY AS replay (created_at, id, tenant_id, event_id, event_type, subscription_id, revision, due_at, replay_of, event_created_at, place)
        ORDER BY place
        """;

    public static NpgsqlBatchCommand Command(IReadOnlyList<NewReplay> replays)
    {
        var command = new NpgsqlBatchCommand(Insert);
        var columns = new Columns<NewReplay>(command.Parameters, replays);
        columns.Add(replay => replay.Key.CreatedAt.UtcDateTime);
        columns.Add(replay => replay.Key.Id);
        columns.Add(replay => replay.Of.TenantId);
        columns.Add(replay => replay.Of.EventId);
        columns.Add(replay => replay.Of.EventType);
        columns.Add(replay => replay.Of.SubscriptionId);
        columns.Add(replay => replay.Of.Revision);
        columns.Add(replay => replay.DueAt.UtcDateTime);
        columns.Add(replay => replay.Of.Original.Id);
        columns.Add(replay => replay.Of.EventCreatedAt.UtcDateTime);
        return command;
    }
}
