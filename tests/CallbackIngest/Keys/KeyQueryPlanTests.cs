using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Webhooks.CallbackIngest.Callbacks;
using Webhooks.CallbackIngest.Commands;
using Webhooks.CallbackIngest.Keys;
using Webhooks.CallbackIngest.Routes;
using Webhooks.Database.Auditing;
using Webhooks.TestKit;

namespace Webhooks.CallbackIngest.Tests.Keys;

public sealed class KeyQueryPlanTests(World world) : IClassFixture<World>
{
    // Also of a table that is nearly empty: sessions keep the plans they made of it until somebody analyzes the grown one.
    [Theory]
    [InlineData(0, false)]
    [InlineData(20, false)]
    [InlineData(20, true)]
    [InlineData(5_000, false)]
    public async Task The_latest_change_of_a_ticket_is_found_by_its_index_however_few_there_are(int rows, bool isAnalyzed)
    {
        await world.Database.ExecuteAsync("TRUNCATE callbacks");
        await FillAsync(rows);
        await world.Database.ExecuteAsync(isAnalyzed ? "ANALYZE callbacks" : "SELECT");
        await using var plans = QueryPlans.Of(world.Postgres.ConnectionString);
        var keys = new KeyStore(plans.Database, Options.Create(new CallbackOptions { CallbacksPerMinute = 0 }));
        var callbacks = Enumerable.Range(0, 50).Select(number => Callback($"{rows}-{isAnalyzed}-{number}")).ToList();

        // A first connection reads the types, with plans of its own.
        await plans.Database.ExecuteAsync("SELECT 1");

        var run = await plans.DuringAsync(() => keys.ReserveAsync(callbacks, CancellationToken.None));

        var plan = Assert.Single(run, plan => plan.Contains("SELECT ticket.place", StringComparison.Ordinal));
        Assert.Contains("Index Scan Backward using callbacks_latest", plan, StringComparison.Ordinal);
        // Nor is a key compared with what others have left.
        Assert.All(run, other => Assert.DoesNotContain("Rows Removed by Join Filter", other, StringComparison.Ordinal));
    }

    // Of one tenant and system, and a ticket each.
    private Task FillAsync(int rows) => world.Database.ExecuteAsync(
        """
        INSERT INTO callbacks (id, command_id, tenant_id, route, subject_id, external_system, idempotency_key, fingerprint, external_updated_at, superseded, command, reservation, status, created_at)
        SELECT gen_random_uuid(), gen_random_uuid(), 'plans', 'exceptions', 'exc_' || number, 'JIRA', 'key_' || number, '\x00', now(), false, '\x00', gen_random_uuid(), 'accepted', now()
        FROM generate_series(1, $1) AS number
        """,
        rows);

    private static IncomingCallback Callback(string key)
    {
        var raw = Encoding.UTF8.GetBytes(IngestClient.Body(updatedAt: "2026-01-01T00:00:00Z"));
        var body = new CallbackBodyReader(ExceptionRoute.Route, []).Read(raw);
        return new IncomingCallback
        {
            Route = ExceptionRoute.Route,
            TenantId = "plans",
            SubjectId = $"exc_new_{key}",
            Key = key,
            CommandId = CommandId.Of("plans", ExceptionRoute.Route.Name, body.ExternalSystem, $"exc_new_{key}", key),
            Fingerprint = SHA256.HashData(raw),
            Body = body,
            ReceivedAt = TimeProvider.System.GetUtcNow(),
            Actor = Actor.System,
            TraceParent = null,
            TraceId = null,
        };
    }
}
