using System.Text;
using System.Text.Json;
using Npgsql;
using Webhooks.Database;
using Webhooks.Database.Deliveries;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Management.Callbacks;

/// <summary>
/// Finds the deliveries that a callback answers: of the tenant's events about exceptions before it, those whose data names
/// the same exception and, when the callback names a correlation, that one. Data has no index, so only the tenant's latest
/// deliveries before the callback are looked at.
/// </summary>
internal sealed class CallbackLinks(NpgsqlDataSource database)
{
    /// <summary>How many deliveries are looked at.</summary>
    public const int LargestScan = 5_000;

    /// <summary>How many are shown.</summary>
    public const int Most = 100;

    private static readonly string Sql = $"""
        SELECT delivery.id, delivery.event_id, delivery.event_type, delivery.subscription_id, delivery.status, events.correlation_id, delivery.created_at, events.data
        FROM (
            SELECT * FROM deliveries WHERE tenant_id = $1 AND created_at <= $2 ORDER BY created_at DESC, id DESC LIMIT {LargestScan}) AS delivery
        JOIN events ON events.created_at = delivery.created_at AND events.tenant_id = delivery.tenant_id AND events.event_id = delivery.event_id
        WHERE delivery.event_type LIKE 'exception.%' AND position($3::bytea IN events.data) > 0
        LIMIT 500
        """;

    public async Task<IReadOnlyList<LinkedDelivery>> FindAsync(StoredCallback callback, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new(DeliveryScan.InOrder),
                new(Sql)
                {
                    Parameters =
                    {
                        new() { Value = callback.TenantId },
                        new() { Value = callback.CreatedAt },
                        // Its characters are spelled as they are in JSON, too.
                        new() { Value = Encoding.UTF8.GetBytes($"\"{callback.ExceptionId}\"") },
                    },
                },
            },
        };
        var correlationId = CorrelationIdOf(callback.Command);
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        await row.NextResultAsync(cancellationToken);
        var found = new List<LinkedDelivery>();
        while (await row.ReadAsync(cancellationToken))
        {
            var delivery = new LinkedDelivery(
                row.GetGuid(0), row.GetString(1), row.GetString(2), row.GetGuid(3), row.GetString(4), row.TextOrNull(5), row.GetFieldValue<DateTimeOffset>(6));
            if ((correlationId is null || correlationId == delivery.CorrelationId) && Names(row.GetFieldValue<byte[]>(7), callback.ExceptionId))
            {
                found.Add(delivery);
            }
        }

        return [.. found.OrderByDescending(delivery => delivery.CreatedAt).ThenByDescending(delivery => delivery.Id).Take(Most)];
    }

    private static bool Names(byte[] data, string exceptionId)
    {
        using var document = EventDocument.OfKept(data);
        return document.RootElement.TryGetProperty("exception_id", out var member) && member.ValueKind == JsonValueKind.String && member.ValueEquals(exceptionId);
    }

    // A caller that hands on the event's metadata does so in a member of its own, which is kept in the payload.
    private static string? CorrelationIdOf(ReadOnlyMemory<byte> command)
    {
        using var document = JsonDocument.Parse(command, new JsonDocumentOptions { MaxDepth = 128 });
        if (!document.RootElement.TryGetProperty("payload", out var payload) || payload.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        foreach (var name in (ReadOnlySpan<string>)["correlation_id", "correlationId"])
        {
            if (payload.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String)
            {
                try
                {
                    return member.GetString();
                }
                catch (InvalidOperationException)
                {
                    // Half of a surrogate pair: no event has it.
                    return "";
                }
            }
        }

        return null;
    }
}
