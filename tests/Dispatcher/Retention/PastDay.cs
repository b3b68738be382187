using Webhooks.Subscriptions;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Retention;

/// <summary>A day in the past, as publishers and dispatchers left it.</summary>
internal sealed class PastDay
{
    private static readonly string[] Tables = ["events", "deliveries", "attempts"];

    private readonly World _world;

    private PastDay(World world, DateOnly day) => (_world, Day) = (world, day);

    public DateOnly Day { get; }

    public DateTimeOffset Noon => new(Day, new TimeOnly(12, 0), TimeSpan.Zero);

    public static async Task<PastDay> CreateAsync(World world, int daysAgo)
    {
        var past = new PastDay(world, DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime).AddDays(-daysAgo));
        foreach (var table in Tables)
        {
            await world.Database.ExecuteAsync("SELECT ensure_day_partition($1, $2)", table, past.Day);
        }

        return past;
    }

    public string Partition(string table) => $"{table}_{Day:yyyyMMdd}";

    /// <summary>
    /// Accepted at noon, a microsecond apart: keys, events, and deliveries of this status, with an attempt unless they wait, for
    /// an hour still.
    /// </summary>
    public async Task<IReadOnlyList<Accepted>> AcceptAsync(Subscription subscription, string status, int count, string prefix)
    {
        const string Moments = "SELECT $1::timestamptz + place * interval '1 microsecond' AS created_at, $2::text AS tenant_id, $3 || place AS event_id FROM generate_series(1, $4) AS place";
        object[] which = [Noon.UtcDateTime, subscription.TenantId, prefix, count];
        await _world.Database.ExecuteAsync($"INSERT INTO event_keys (created_at, tenant_id, event_id) {Moments}", which);
        await _world.Database.ExecuteAsync(
            $"INSERT INTO events (created_at, tenant_id, event_id, type, occurred_at, version, data) SELECT created_at, tenant_id, event_id, 'a.b', $5, '1.0', '{{}}' FROM ({Moments}) AS event",
            [.. which, TestEvent.Timestamp]);
        await _world.Database.ExecuteAsync(
            $"""
            INSERT INTO deliveries (created_at, id, tenant_id, event_id, event_type, subscription_id, revision, status, last_attempt, next_attempt_at, due_at)
            SELECT created_at, gen_random_uuid(), tenant_id, event_id, 'a.b', $5, $6, $7, CASE $7 WHEN 'pending' THEN 0 ELSE 1 END,
                   CASE $7 WHEN 'pending' THEN now() + interval '1 hour' END, CASE $7 WHEN 'pending' THEN now() + interval '1 hour' END FROM ({Moments}) AS event
            """,
            [.. which, subscription.Id, subscription.Revision, status]);
        await _world.Database.ExecuteAsync(
            """
            INSERT INTO attempts (created_at, delivery_id, number, started_at, duration_ms, outcome, request_url, request_headers)
            SELECT created_at, id, 1, created_at, 1, 'succeeded', 'http://x', '' FROM deliveries WHERE created_at::date = $1 AND last_attempt = 1 AND event_id LIKE $2
            """,
            Day, prefix + "%");
        var accepted = new List<Accepted>();
        await using var command = _world.Database.CreateCommand("SELECT id, created_at, event_id FROM deliveries WHERE event_id LIKE $1 ORDER BY created_at");
        command.Parameters.Add(new() { Value = prefix + "%" });
        await using var row = await command.ExecuteReaderAsync();
        while (await row.ReadAsync())
        {
            accepted.Add(new Accepted(row.GetGuid(0), row.GetFieldValue<DateTimeOffset>(1), subscription.Id, row.GetString(2)));
        }

        return accepted;
    }

    /// <summary>Which of its tables are still there, attached or not.</summary>
    public async Task<IReadOnlyList<string>> LeftAsync()
    {
        var left = new List<string>();
        foreach (var table in Tables)
        {
            if (await _world.Database.ScalarAsync<bool>("SELECT to_regclass($1) IS NOT NULL", Partition(table)))
            {
                left.Add(table);
            }
        }

        return left;
    }

    public Task GoneAsync() => Eventually.TrueAsync(async () => (await LeftAsync()).Count == 0, World.Limit, $"{Day} to be dropped");
}
