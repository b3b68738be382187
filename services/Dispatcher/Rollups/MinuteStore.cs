using Npgsql;
using Webhooks.Database;

namespace Webhooks.Dispatcher.Rollups;

/// <summary>The SQL of the minutes: adding to them, and adding them up.</summary>
internal sealed class MinuteStore(NpgsqlDataSource database)
{
    // The database's clock: an hour is added up once nobody can write into it any more, whatever the dispatchers' clocks say.
    private const string Upsert = """
        INSERT INTO delivery_minutes AS present (subscription_id, minute, measure, writer, count)
        SELECT subscription_id, date_bin('1 minute', now(), 'epoch'), measure, $4, count
        FROM unnest($1::uuid[], $2::smallint[], $3::int[]) AS added (subscription_id, measure, count)
        ORDER BY subscription_id, measure
        ON CONFLICT (subscription_id, minute, measure, writer) DO UPDATE SET count = present.count + excluded.count
        """;

    // Repeatable: an hour that is added up again is what its minutes come to. Ten minutes after its end no transaction that began in the
    // hour is left: the server ends those that stand still for three seconds (decision 0031), and no statement of theirs takes so long.
    private const string FoldHour = """
        WITH due AS (
            SELECT to_timestamp(value) AS hour FROM settings
            WHERE name = 'hours_until' AND to_timestamp(value) + interval '70 minutes' <= now()
            FOR UPDATE
        ), summed AS (
            INSERT INTO delivery_hours (subscription_id, hour, measure, count)
            SELECT subscription_id, due.hour, measure, sum(count)
            FROM due JOIN delivery_minutes ON minute >= due.hour AND minute < due.hour + interval '1 hour'
            GROUP BY subscription_id, due.hour, measure
            ORDER BY subscription_id, due.hour, measure
            ON CONFLICT (subscription_id, hour, measure) DO UPDATE SET count = excluded.count
        ), moved AS (
            UPDATE settings SET value = value + 3600 FROM due WHERE name = 'hours_until'
        )
        SELECT count(*) FROM due
        """;

    // A busy hour of many subscriptions has many rows.
    private const int LongestFoldInSeconds = 600;

    // Distinguishes this process's rows from those of the others. Two with the same number would only wait for each other.
    private readonly int _writer = Random.Shared.Next();

    /// <summary>Adds to the present minute, within the transaction of the attempts that are counted.</summary>
    /// <param name="connection">Where the transaction is.</param>
    /// <param name="counts">Sorted.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task AddAsync(NpgsqlConnection connection, IReadOnlyList<MinuteCount> counts, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Upsert, connection);
        var columns = new Columns<MinuteCount>(command.Parameters, counts);
        columns.Add(count => count.SubscriptionId);
        columns.Add(count => count.Measure);
        columns.Add(count => count.Count);
        command.Parameters.AddWithValue(_writer);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Adds up the oldest hour that is over and was not added up. False: there is none.</summary>
    public async Task<bool> FoldHourAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(FoldHour);
        command.CommandTimeout = LongestFoldInSeconds;
        return (long)(await command.ExecuteScalarAsync(cancellationToken))! > 0;
    }
}
