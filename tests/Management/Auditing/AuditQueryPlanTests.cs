using Npgsql;
using Webhooks.Api.Pages;
using Webhooks.Management.Auditing;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests.Auditing;

/// <summary>A page is read by an index, whatever is asked for: it costs the same after ten years.</summary>
public sealed class AuditQueryPlanTests
{
    [Fact]
    public async Task Every_filter_reads_a_page_by_an_index()
    {
        var connection = await TestDatabase.CreateMigratedAsync();
        await using (var database = NpgsqlDataSource.Create(connection))
        {
            await database.ExecuteAsync(
                """
                INSERT INTO audit (id, created_at, tenant_id, actor, action, subject)
                SELECT gen_random_uuid(), now() - n * interval '1 minute', 'tenant_' || n % 50, 'tok_' || n % 500, 'action.' || n % 9, 'sub_' || n % 5000
                FROM generate_series(1, 50000) AS n
                """);
            await database.ExecuteAsync("ANALYZE audit");
        }

        await using var plans = QueryPlans.Of(connection);
        var list = new AuditList(plans.Database);
        var now = TimeProvider.System.GetUtcNow();
        AuditFilter[] filters =
        [
            new(), new() { TenantId = "tenant_1" }, new() { Action = "action.1" }, new() { Actor = "tok_1" }, new() { Subject = "sub_1" },
            new() { TenantId = "tenant_1", Action = "never" }, new() { TenantId = "tenant_1", Actor = "tok_2" }, new() { Action = "never" },
            new() { Since = now.AddDays(-20), Until = now.AddDays(-19) }, new() { TenantId = "tenant_1", Until = now.AddDays(-30) },
        ];

        foreach (var filter in filters)
        {
            var all = await plans.DuringAsync(() => list.ReadAsync(filter, new Cursor(now, Guid.AllBitsSet), 51, CancellationToken.None));
            // The first connection also asks for the database's types.
            var plan = Assert.Single(all, plan => plan.Contains("FROM audit", StringComparison.Ordinal));
            Assert.True(!QueryPlans.Scanned(plan).Any() && plan.Contains("Index", StringComparison.Ordinal), plan);
            Assert.DoesNotContain("Rows Removed", plan, StringComparison.Ordinal);
        }
    }
}
