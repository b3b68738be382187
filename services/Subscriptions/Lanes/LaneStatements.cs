using Npgsql;

namespace Webhooks.Subscriptions.Lanes;

/// <summary>The SQL of lanes that more than one service has to say in the same way: opening one, holding one open, waking its holder.</summary>
public static class LaneStatements
{
    /// <summary>The channel on which lanes are named that have new deliveries: ids without dashes, separated by commas.</summary>
    public const string Channel = "webhooks_lanes";

    // A payload holds 8,000 bytes.
    private const int IdsAtOnce = 200;

    /// <summary>
    /// Opens a lane that is not open. The transaction locks the subscription's row before and stamps it with the next
    /// configuration version afterwards: so every cache learns of it.
    /// </summary>
    public static NpgsqlBatchCommand Open(Guid subscriptionId, LaneReason reason) =>
        // Waits for whoever is closing it at this moment.
        new("INSERT INTO lanes (subscription_id, reason) VALUES ($1, $2) ON CONFLICT (subscription_id) DO NOTHING")
        {
            Parameters = { new() { Value = subscriptionId }, new() { Value = LaneReasonName.Of(reason) } },
        };

    /// <summary>
    /// Which of these lanes are open, and stay so until the transaction ends: what it puts into them is seen by whoever
    /// closes them. Take it before any lock on deliveries.
    /// </summary>
    public static async Task<IReadOnlySet<Guid>> HoldOpenAsync(
        NpgsqlConnection connection, IEnumerable<Guid> subscriptionIds, CancellationToken cancellationToken)
    {
        // Sorted, so that two that hold several cannot deadlock with those that close them.
        await using var command = new NpgsqlCommand(
            "SELECT subscription_id FROM lanes WHERE subscription_id = ANY($1) ORDER BY subscription_id FOR KEY SHARE", connection);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. subscriptionIds] });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var open = new HashSet<Guid>();
        while (await row.ReadAsync(cancellationToken))
        {
            open.Add(row.GetGuid(0));
        }

        return open;
    }

    /// <summary>Wakes the holders of lanes that were given deliveries, with the transaction's commit.</summary>
    public static async Task WakeAsync(NpgsqlConnection connection, IEnumerable<Guid> subscriptionIds, CancellationToken cancellationToken)
    {
        foreach (var ids in subscriptionIds.Chunk(IdsAtOnce))
        {
            await using var command = new NpgsqlCommand($"SELECT pg_notify('{Channel}', $1)", connection);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = string.Join(',', ids.Select(id => id.ToString("N"))) });
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
