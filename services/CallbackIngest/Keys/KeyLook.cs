using Npgsql;
using Webhooks.CallbackIngest.Callbacks;
using Webhooks.CallbackIngest.Limits;
using Webhooks.Database;
using Webhooks.Database.Deliveries;

namespace Webhooks.CallbackIngest.Keys;

/// <summary>All that must be known to decide on a group, read in one round trip under the locks of its scopes.</summary>
internal sealed class KeyLook
{
    // Each statement sees what was committed before it began: the locks must be there before the others begin.
    private const string Locks = "SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key";

    private const string Clock = "SELECT clock_timestamp()";

    // Locked: a result may come, or a lease may be ended, meanwhile.
    private static readonly string StoredRows = $"""
        SELECT callbacks.command_id, id, status, fingerprint, subject_id, lease_until
        FROM {KeyLookup.Keys("unnest($1::uuid[])")} AS wanted (command_id) JOIN callbacks ON callbacks.command_id = wanted.command_id
        ORDER BY callbacks.command_id FOR UPDATE OF callbacks
        """;

    private const string Latest = """
        SELECT ticket.place, (
            SELECT external_updated_at FROM callbacks
            WHERE subject_id = ticket.subject_id AND tenant_id = ticket.tenant_id AND external_system = ticket.external_system
                AND route = ticket.route AND status <> 'failed' AND external_updated_at IS NOT NULL
            ORDER BY external_updated_at DESC LIMIT 1)
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS ticket (tenant_id, route, subject_id, external_system, place)
        """;

    private const string ToldRows = "SELECT id, fingerprint FROM inbound_webhooks WHERE id = ANY($1)";

    private readonly Dictionary<TicketScope, DateTimeOffset> _latest = [];

    /// <summary>By the database's clock.</summary>
    public DateTimeOffset Now { get; private set; }

    /// <summary>By the command's id.</summary>
    public Dictionary<Guid, KeyRow> Rows { get; } = [];

    public Dictionary<KeyScope, MinuteWindow> Windows { get; } = [];

    /// <summary>Of webhooks that were told of, by their ids.</summary>
    public Dictionary<Guid, ToldRow> Told { get; } = [];

    public static async Task<KeyLook> ReadAsync(NpgsqlConnection connection, IReadOnlyList<KeyClaim> claims, int limit, CancellationToken cancellationToken)
    {
        var scopes = claims.Select(claim => claim.Scope).Distinct().ToList();
        var tickets = claims.Select(claim => claim.Ticket).OfType<TicketScope>().Distinct().ToList();
        var sources = claims.Select(claim => claim.Source).OfType<SourceKey>().ToList();
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                LockAll([.. scopes.Select(scope => scope.LockKey), .. sources.Select(source => source.LockKey)]),
                new NpgsqlBatchCommand(Clock),
                WithIds(StoredRows, claims.Select(claim => claim.CommandId)),
                // A session that has made its plan while there were a few callbacks would read all of a tenant's for each ticket.
                new NpgsqlBatchCommand(DeliveryScan.InOrder),
                FindLatest(tickets),
                RecentKeys.Count(scopes, limit),
                WithIds(ToldRows, sources.Select(source => source.InboundId)),
            },
        };
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        await row.NextResultAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        var look = new KeyLook { Now = row.GetFieldValue<DateTimeOffset>(0) };

        await row.NextResultAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            look.Rows[row.GetGuid(0)] = new KeyRow(row.GetGuid(1), row.GetString(2), row.GetFieldValue<byte[]>(3), row.GetString(4), row.TimeOrNull(5));
        }

        await row.NextResultAsync(cancellationToken);
        await row.NextResultAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            if (!row.IsDBNull(1))
            {
                look._latest[tickets[(int)row.GetInt64(0) - 1]] = row.GetFieldValue<DateTimeOffset>(1);
            }
        }

        await row.NextResultAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            look.Windows[scopes[(int)row.GetInt64(0) - 1]] = new MinuteWindow(limit, (int)row.GetInt64(1), row.TimeOrNull(2));
        }

        await row.NextResultAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            look.Told[row.GetGuid(0)] = new ToldRow(row.IsDBNull(1) ? null : row.GetFieldValue<byte[]>(1));
        }

        return look;
    }

    /// <summary>Was a later change of the ticket taken before? If not, this one is the latest from now on.</summary>
    public bool IsSuperseded(IncomingCallback callback)
    {
        if (callback.Body.UpdatedAt is not { } updatedAt)
        {
            return false;
        }

        // As exact as the database keeps it: two changes within a microsecond are of one time.
        var at = new DateTimeOffset(updatedAt.UtcTicks / TimeSpan.TicksPerMicrosecond * TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);
        var ticket = TicketScope.Of(callback);
        if (_latest.TryGetValue(ticket, out var latest) && at < latest)
        {
            return true;
        }

        _latest[ticket] = at;
        return false;
    }

    /// <summary>What was told of under the key of a webhook; null: nothing, or it is none.</summary>
    public ToldRow? ToldOf(KeyClaim claim) => claim.Source is { } source ? Told.GetValueOrDefault(source.InboundId) : null;

    // In one order everywhere.
    private static NpgsqlBatchCommand LockAll(IReadOnlyList<long> keys) => new(Locks)
    {
        Parameters = { new NpgsqlParameter<long[]> { TypedValue = [.. keys.Distinct().Order()] } },
    };

    private static NpgsqlBatchCommand WithIds(string sql, IEnumerable<Guid> ids) => new(sql)
    {
        Parameters = { new NpgsqlParameter<Guid[]> { TypedValue = [.. ids.Distinct()] } },
    };

    private static NpgsqlBatchCommand FindLatest(List<TicketScope> tickets)
    {
        var command = new NpgsqlBatchCommand(Latest);
        var columns = new Columns<TicketScope>(command.Parameters, tickets);
        columns.Add(ticket => ticket.TenantId);
        columns.Add(ticket => ticket.Route);
        columns.Add(ticket => ticket.SubjectId);
        columns.Add(ticket => ticket.ExternalSystem);
        return command;
    }
}
