using System.Text;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests.Callbacks;

/// <summary>Callbacks as CallbackIngest writes them.</summary>
internal static class StoredCallbacks
{
    private static int _number;

    /// <returns>Its id as people see it.</returns>
    public static async Task<string> AddAsync(
        ManagementApi api, string tenantId, string exceptionId = "exc_001", string status = "accepted", string payload = "null", DateTimeOffset? createdAt = null, string route = "exceptions", Guid? sourceId = null)
    {
        var number = Interlocked.Increment(ref _number);
        // Within a millisecond their order would be chance.
        var id = Guid.CreateVersion7((createdAt ?? TimeProvider.System.GetUtcNow()).AddMilliseconds(number * 10));
        var key = $"key-{number}";
        await api.Database.ExecuteAsync(
            """
            INSERT INTO callbacks (id, command_id, tenant_id, route, subject_id, external_system, idempotency_key, fingerprint, status, superseded, command, traceparent, reason, created_at, accepted_at, answered_at, source_id)
            VALUES ($1, gen_random_uuid(), $2, $3, $4, 'JIRA', $5, '\x00', $6, false, $7, '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
                CASE WHEN $6 = 'failed' THEN 'It is closed.' END, $8, $8, CASE WHEN $6 IN ('applied', 'failed') THEN $8 END, nullif($9, '00000000-0000-0000-0000-000000000000'::uuid))
            """,
            id, tenantId, route, exceptionId, key, status, Encoding.UTF8.GetBytes($$"""{"exception_id":"{{exceptionId}}","payload":{{payload}},"amount":1000.0}"""), createdAt ?? TimeProvider.System.GetUtcNow(), sourceId ?? Guid.Empty);
        return PrefixedId.Format(PrefixedId.Callback, id);
    }
}
