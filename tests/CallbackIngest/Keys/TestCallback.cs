using System.Security.Cryptography;
using System.Text;
using Webhooks.CallbackIngest.Callbacks;
using Webhooks.CallbackIngest.Commands;
using Webhooks.CallbackIngest.Routes;
using Webhooks.Database.Auditing;

namespace Webhooks.CallbackIngest.Tests.Keys;

/// <summary>A callback as it is when its key is asked for.</summary>
internal static class TestCallback
{
    public static IncomingCallback Of(string key, string note = "done", string? updatedAt = null, string exceptionId = IngestClient.Exception)
    {
        var raw = Encoding.UTF8.GetBytes(IngestClient.Body(updatedAt: updatedAt, note: note));
        var body = new CallbackBodyReader(ExceptionRoute.Route, []).Read(raw);
        return new IncomingCallback
        {
            Route = ExceptionRoute.Route,
            TenantId = World.Tenant,
            SubjectId = exceptionId,
            Key = key,
            CommandId = CommandId.Of(World.Tenant, ExceptionRoute.Route.Name, body.ExternalSystem, exceptionId, key),
            Fingerprint = SHA256.HashData(raw),
            Body = body,
            ReceivedAt = TimeProvider.System.GetUtcNow(),
            Actor = Actor.System,
            TraceParent = null,
            TraceId = null,
        };
    }
}
