using Npgsql;
using Webhooks.Database.Auditing;

namespace Webhooks.Management.Auditing;

/// <summary>Appends to the audit what changes nothing, such as showing a secret; a change writes its row in its own transaction.</summary>
internal sealed class AuditLog(NpgsqlDataSource database)
{
    public async Task AppendAsync(AuditEntry entry, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await AuditInsert.ExecuteAsync(connection, entry, cancellationToken);
    }
}
