using Npgsql;
using Webhooks.Database;
using Webhooks.Database.Deliveries;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Subscriptions.Lanes;

namespace Webhooks.Dispatcher.Lanes;

/// <summary>
/// Puts deliveries whose message came, and whose subscription has a lane, into that lane: messages from before its opening,
/// of retries, and of replays. The message has then nothing left to tell.
/// </summary>
internal sealed class LaneIntake
{
    private const int GroupLimit = 500;

    // Due when it would have been tried; a new one at its acceptance, as if it had been put there then. Until its commit the
    // lane stays open. Already there, because somebody else's message came first, it counts as put in.
    private static readonly string Enter = $"""
        UPDATE deliveries AS delivery
        SET lane_due_at = coalesce(delivery.lane_due_at, delivery.next_attempt_at, delivery.created_at), due_at = NULL, owed_times = NULL
        FROM {KeyLookup.Keys("unnest($1::timestamptz[], $2::uuid[])")} AS entering (created_at, id)
        WHERE delivery.created_at = entering.created_at AND delivery.id = entering.id
          AND {KeyLookup.Within("delivery.created_at", "$3", "$4")} AND delivery.status = 'pending'
        """;

    private readonly NpgsqlDataSource _database;
    private readonly StatementGroups<DeliveryRow, bool> _groups;

    public LaneIntake(NpgsqlDataSource database, DatabaseGate gate)
    {
        _database = database;
        _groups = new(EnterAsync, gate, GroupLimit);
    }

    /// <summary>
    /// True: it is in the lane, or has ended meanwhile, and its message may go. False: there is no lane any more.
    /// </summary>
    public Task<bool> EnterAsync(DeliveryRow delivery, CancellationToken stop) => _groups.AddAsync(delivery, stop);

    /// <summary>Of each, whether its lane is open.</summary>
    internal async Task<IReadOnlyList<bool>> EnterAsync(IReadOnlyList<DeliveryRow> deliveries, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var open = await LaneStatements.HoldOpenAsync(
            connection, deliveries.Select(delivery => delivery.SubscriptionId).Distinct(), cancellationToken);
        var entering = deliveries.Where(delivery => open.Contains(delivery.SubscriptionId)).ToList();
        if (entering.Count > 0)
        {
            await using var command = new NpgsqlCommand(Enter, connection);
            KeyColumns.Add(command.Parameters, entering, delivery => new DeliveryKey(delivery.CreatedAt, delivery.Id));
            await command.ExecuteNonQueryAsync(cancellationToken);
            await LaneStatements.WakeAsync(connection, open, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return [.. deliveries.Select(delivery => open.Contains(delivery.SubscriptionId))];
    }
}
