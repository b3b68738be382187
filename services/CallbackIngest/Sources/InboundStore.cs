using Npgsql;
using Webhooks.Contracts;
using Webhooks.Subscriptions.Notices;

namespace Webhooks.CallbackIngest.Sources;

/// <summary>Has it told that a webhook came which is no command: once, in the transaction that notes that it came.</summary>
internal sealed class InboundStore(NpgsqlDataSource database)
{
    private const string Note = """
        INSERT INTO inbound_webhooks (id, tenant_id, source_id, received_at) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING
        """;

    /// <summary>False: it was told of before.</summary>
    public async Task<bool> AddAsync(Guid id, Guid sourceId, Notice notice, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var note = new NpgsqlCommand(Note, connection);
        note.Parameters.Add(new() { Value = id });
        note.Parameters.Add(new() { Value = notice.TenantId });
        note.Parameters.Add(new() { Value = sourceId });
        note.Parameters.Add(new() { Value = notice.OccurredAt.UtcDateTime });
        if (await note.ExecuteNonQueryAsync(cancellationToken) == 0)
        {
            return false;
        }

        await NoticeInsert.RunAsync(connection, [notice], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>The notice of a webhook.</summary>
    /// <param name="id">Of <see cref="Commands.CommandId.OfInbound"/>.</param>
    /// <param name="tenantId">The source's.</param>
    /// <param name="at">When it came.</param>
    /// <param name="data">As <see cref="ReceivedInbound"/> describes it.</param>
    /// <param name="traceParent">The request's span.</param>
    public static Notice NoticeOf(Guid id, string tenantId, DateTimeOffset at, byte[] data, string? traceParent) =>
        new(Notice.IdOf($"inb_{id:N}", "received"), tenantId, NotificationTypes.InboundReceived, at, data, traceParent);
}
