using Npgsql;
using NpgsqlTypes;
using Webhooks.Subscriptions;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Replays;

/// <summary>A replay as Management leaves its intent, and how far it has come.</summary>
internal sealed record Intended(World World, Guid Id)
{
    public static IReadOnlyList<string> Undelivered { get; } = ["failed", "exhausted", "canceled"];

    /// <param name="world">Where.</param>
    /// <param name="subscription">Whose deliveries; null: everybody's.</param>
    /// <param name="statuses">Those to replay.</param>
    /// <param name="rate">Null: none.</param>
    /// <param name="recovers">Leaves out what is delivered meanwhile.</param>
    /// <param name="type">Of events.</param>
    /// <param name="held">Keeps the leader from it for an hour.</param>
    public static async Task<Intended> AsyncOf(
        World world, Subscription? subscription, IReadOnlyList<string> statuses, double? rate = null, bool recovers = false, string? type = null, bool held = false)
    {
        var id = Guid.CreateVersion7();
        await using var command = world.Database.CreateCommand(
            """
            INSERT INTO replays (id, tenant_id, subscription_id, event_type, statuses, until, recovers, rate_per_second, requested_by, matched, counted, next_due_at, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, clock_timestamp(), $6, $7, 'tests', 0, $8, CASE WHEN $8 THEN now() + interval '1 hour' END, clock_timestamp(), clock_timestamp())
            """);
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = (object?)subscription?.TenantId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = (object?)subscription?.Id ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new() { Value = (object?)type ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = statuses.ToArray() });
        command.Parameters.Add(new() { Value = recovers });
        command.Parameters.Add(new() { Value = (object?)rate ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Double });
        command.Parameters.Add(new() { Value = held });
        await command.ExecuteNonQueryAsync();
        return new Intended(world, id);
    }

    /// <summary>Ends deliveries a day ago, so that they and their events lie in another partition than their replays.</summary>
    public static async Task EndYesterdayAsync(World world, string status = "exhausted")
    {
        await world.Database.ExecuteAsync("UPDATE events SET created_at = created_at - interval '1 day' WHERE created_at > now() - interval '12 hours'");
        await world.Database.ExecuteAsync(
            """
            UPDATE deliveries SET created_at = created_at - interval '1 day', status = $1, last_attempt = 6, next_attempt_at = NULL, due_at = NULL, finished_at = now()
            WHERE created_at > now() - interval '12 hours' AND replay_of IS NULL
            """,
            status);
    }

    /// <summary>How many deliveries were made.</summary>
    public Task<long> DoneAsync() => World.Database.ScalarAsync<long>("SELECT done FROM replays WHERE id = $1", Id);

    public Task<string> StatusAsync() => World.Database.ScalarAsync<string>("SELECT status FROM replays WHERE id = $1", Id);

    public async Task HasStatusAsync(string status)
    {
        var now = "";
        await Eventually.TrueAsync(async () => (now = await StatusAsync()) == status, World.Limit, () => $"the replay to be {status}; it was {now}");
    }

    /// <summary>As <c>DELETE /v1/replays/{id}</c>; returns how many were made.</summary>
    public async Task<long> CancelAsync()
    {
        await World.Database.ExecuteAsync("UPDATE replays SET status = 'canceled', finished_at = now() WHERE id = $1", Id);
        return await DoneAsync();
    }

    /// <summary>Asserts that each of the originals has one replay and no more, and that the replay's own figures say so.</summary>
    public async Task MadeEachOnceAsync(IEnumerable<Accepted> originals)
    {
        var made = await World.Database.ColumnAsync<Guid>("SELECT replay_of FROM deliveries WHERE replay_of IS NOT NULL ORDER BY replay_of");
        Assert.Equal(originals.Select(original => original.Id).Order(), made.Order());
        Assert.Equal((made.Count, made.Count), ((int)await DoneAsync(), (int)await World.Database.ScalarAsync<long>("SELECT matched FROM replays WHERE id = $1", Id)));
    }
}
