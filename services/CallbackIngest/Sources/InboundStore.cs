using Microsoft.Extensions.Options;
using Npgsql;
using Webhooks.CallbackIngest.Keys;
using Webhooks.Contracts;
using Webhooks.Database.Auditing;
using Webhooks.Subscriptions.Notices;

namespace Webhooks.CallbackIngest.Sources;

/// <summary>A webhook that is no command.</summary>
/// <param name="Key">Its place among its source's keys.</param>
/// <param name="Scope">Whose new keys are limited together.</param>
/// <param name="Notice">What is told of it.</param>
/// <param name="Audit">What the audit says of it.</param>
internal sealed record UncommandedWebhook(SourceKey Key, KeyScope Scope, Notice Notice, AuditEntry Audit);

/// <summary>Has it told that a webhook came which is no command: once, in the transaction that notes that it came.</summary>
internal sealed class InboundStore(NpgsqlDataSource database, IOptions<CallbackOptions> options)
{
    private const string Note = """
        INSERT INTO inbound_webhooks (id, tenant_id, source_id, external_system, fingerprint, received_at)
        VALUES ($1, $2, $3, $4, $5, clock_timestamp()) ON CONFLICT (id) DO NOTHING
        """;

    /// <summary><see cref="KeyOutcome.Told"/>, or why it is not told of.</summary>
    public async Task<KeyOutcome> AddAsync(UncommandedWebhook webhook, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var claim = new KeyClaim(webhook.Key.CommandId, webhook.Scope, webhook.Key, Ticket: null);
        var found = await KeyLook.ReadAsync(connection, [claim], options.Value.CallbacksPerMinute, cancellationToken);
        if (KeyRules.DecideUncommanded(
            found.Rows.GetValueOrDefault(claim.CommandId), found.ToldOf(claim), webhook.Key.Fingerprint, found.Now, found.Windows[claim.Scope]) is { } said)
        {
            return said;
        }

        await using var note = new NpgsqlCommand(Note, connection);
        note.Parameters.Add(new() { Value = webhook.Key.InboundId });
        note.Parameters.Add(new() { Value = webhook.Scope.TenantId });
        note.Parameters.Add(new() { Value = webhook.Key.SourceId });
        note.Parameters.Add(new() { Value = webhook.Scope.ExternalSystem });
        note.Parameters.Add(new() { Value = webhook.Key.Fingerprint });
        await note.ExecuteNonQueryAsync(cancellationToken);
        await NoticeInsert.RunAsync(connection, [webhook.Notice], cancellationToken);
        await AuditInsert.ExecuteAsync(connection, webhook.Audit, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new KeyOutcome.Told(Before: false);
    }

    /// <summary>The notice of a webhook.</summary>
    /// <param name="id">Of <see cref="SourceKey.InboundId"/>.</param>
    /// <param name="tenantId">The source's.</param>
    /// <param name="at">When it came.</param>
    /// <param name="data">As <see cref="ReceivedInbound"/> describes it.</param>
    /// <param name="traceParent">The request's span.</param>
    public static Notice NoticeOf(Guid id, string tenantId, DateTimeOffset at, byte[] data, string? traceParent) =>
        new(Notice.IdOf($"inb_{id:N}", "received"), tenantId, NotificationTypes.InboundReceived, at, data, traceParent);
}
