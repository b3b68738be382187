using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Webhooks.CallbackIngest.Callbacks;

namespace Webhooks.CallbackIngest.Keys;

/// <summary>
/// Whose callbacks are decided one after the other: a tenant's from one external system. Two requests with one key, two
/// changes of one ticket, and the new keys that one limit counts are always of one scope.
/// </summary>
internal readonly record struct KeyScope(string TenantId, string ExternalSystem)
{
    public static KeyScope Of(IncomingCallback callback) => new(callback.TenantId, callback.Body.ExternalSystem);

    /// <summary>The advisory lock's key. Two scopes that share one only wait for each other.</summary>
    public long LockKey => BinaryPrimitives.ReadInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"webhooks.callbacks {TenantId} {ExternalSystem}")));
}

/// <summary>Whose changes of one ticket supersede each other.</summary>
internal readonly record struct TicketScope(string TenantId, string Route, string SubjectId, string ExternalSystem)
{
    public static TicketScope Of(IncomingCallback callback) => new(callback.TenantId, callback.Route.Name, callback.SubjectId, callback.Body.ExternalSystem);
}
