using Npgsql;

namespace Webhooks.Dispatcher.Lanes.Leases;

/// <summary>What a dispatcher sees when it looks around.</summary>
/// <param name="Dispatchers">The ids of those that take lanes, and its own; if that is not among them, its lease has ended.</param>
/// <param name="Unheld">Lanes that nobody holds.</param>
/// <param name="Own">Lanes that it holds itself, and their fences.</param>
internal sealed record Fleet(IReadOnlyList<long> Dispatchers, IReadOnlyList<Guid> Unheld, IReadOnlyDictionary<Guid, long> Own);

/// <summary>The SQL of leases: each dispatcher that is alive has one row, however many lanes it holds.</summary>
internal static class LeaseStore
{
    private const string Begin = "INSERT INTO dispatchers (alive_until, takes_lanes) VALUES (clock_timestamp() + $1, false) RETURNING id";

    // Not conditional on the time: as long as nobody has deleted the row, nobody has taken a lane of this one.
    private const string Renew = "UPDATE dispatchers SET alive_until = clock_timestamp() + $2, takes_lanes = $3 WHERE id = $1 RETURNING clock_timestamp()";

    // The transaction's own: the next statement of the connection waits as ever.
    private const string WaitAMoment = "SELECT set_config('lock_timeout', '500ms', true)";

    // The lanes of a deleted one become unheld with it. One that is being renewed at this moment is waited for, and compared again.
    private const string EndOverdue = "DELETE FROM dispatchers WHERE alive_until < clock_timestamp() AND clock_timestamp() < $1";

    // Not one that is past its time: it may be dead, and its row may stay for as long as somebody has locked one of its lanes. Who looks
    // around takes what it sees to be its own, whatever the others know of it by now.
    private const string SelectTaking = "SELECT id FROM dispatchers WHERE (takes_lanes AND alive_until > clock_timestamp()) OR id = $1";

    private const string SelectUnheld = "SELECT subscription_id FROM lanes WHERE holder IS NULL";

    private const string SelectOwn = "SELECT subscription_id, fence FROM lanes WHERE holder = $1";

    private const string End = "DELETE FROM dispatchers WHERE id = $1";

    /// <summary>Answers the id of the new lease.</summary>
    public static async Task<long> BeginAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Begin, connection);
        command.Parameters.AddWithValue(Lease.Term);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>
    /// Renews a lease, by itself and committed before anything else: it must wait for nobody. Answers when, by the database's clock;
    /// null: it was ended by another.
    /// </summary>
    public static async Task<DateTime?> RenewAsync(NpgsqlConnection connection, long id, bool takesLanes, CancellationToken cancellationToken)
    {
        await using var renew = new NpgsqlCommand(Renew, connection);
        renew.Parameters.AddWithValue(id);
        renew.Parameters.AddWithValue(Lease.Term);
        renew.Parameters.AddWithValue(takesLanes);
        return (DateTime?)await renew.ExecuteScalarAsync(cancellationToken);
    }

    /// <summary>
    /// Ends the leases that ran out. One whose lane is locked, by a process that stands still while it closes it, is left to a
    /// later look: those who are alive must not stop with it.
    /// </summary>
    /// <param name="until">By the database's clock; carried out after it, the statement ends none.</param>
    public static async Task EndOverdueAsync(NpgsqlConnection connection, DateTime until, CancellationToken cancellationToken)
    {
        await using var end = new NpgsqlBatch(connection)
        {
            BatchCommands = { new(WaitAMoment), new(EndOverdue) { Parameters = { new() { Value = until } } } },
        };
        try
        {
            await end.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            // The statement came to nothing.
        }
    }

    /// <summary>Who takes lanes, which ones nobody holds, and which this dispatcher holds.</summary>
    public static async Task<Fleet> LookAroundAsync(NpgsqlConnection connection, long own, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new(SelectTaking) { Parameters = { new() { Value = own } } },
                new(SelectUnheld),
                new(SelectOwn) { Parameters = { new() { Value = own } } },
            },
        };
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        var taking = new List<long>();
        while (await row.ReadAsync(cancellationToken))
        {
            taking.Add(row.GetInt64(0));
        }

        await row.NextResultAsync(cancellationToken);
        var unheld = new List<Guid>();
        while (await row.ReadAsync(cancellationToken))
        {
            unheld.Add(row.GetGuid(0));
        }

        await row.NextResultAsync(cancellationToken);
        var held = new Dictionary<Guid, long>();
        while (await row.ReadAsync(cancellationToken))
        {
            held.Add(row.GetGuid(0), row.GetInt64(1));
        }

        return new Fleet(taking, unheld, held);
    }

    /// <summary>Ends this dispatcher's own lease; lanes that it still holds become unheld.</summary>
    public static async Task EndAsync(NpgsqlConnection connection, long id, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(End, connection);
        command.Parameters.AddWithValue(id);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
