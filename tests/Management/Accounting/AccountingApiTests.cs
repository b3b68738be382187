using System.Net;
using Webhooks.Management.Tests.Deliveries;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests.Accounting;

public sealed class AccountingApiTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    [Fact]
    public async Task The_accounts_are_shown_whole_also_of_whom_nothing_is_known() => Assert.Equal(
        """{"accepted":0,"matched":0,"delivered":0,"failed":0,"exhausted":0,"canceled":0,"pending":0,"parked":0}""",
        (await api.GetAsync("/v1/accounting?tenant_id=nobody")).Text);

    [Fact]
    public async Task What_was_matched_is_the_sum_of_what_became_of_it()
    {
        var subscriptions = new[] { (await api.SubscribeAsync("sums")).Id, (await api.SubscribeAsync("sums")).Id };
        foreach (var status in new[] { "pending", "delivered", "delivered", "failed", "exhausted", "canceled" })
        {
            var accepted = await Accepted.EventAsync(api, "sums", "exception.created", subscriptions);
            await api.Database.ExecuteAsync("UPDATE deliveries SET status = $1 WHERE event_id = $2", status, accepted.EventId);
        }

        await api.Database.ExecuteAsync("INSERT INTO accounting_deltas (tenant_id, parked) VALUES ('sums', 3)");

        Assert.Equal(
            """{"accepted":6,"matched":12,"delivered":4,"failed":2,"exhausted":2,"canceled":2,"pending":2,"parked":3}""",
            (await api.GetAsync("/v1/accounting?tenant_id=sums")).Text);
    }

    [Fact]
    public async Task A_tenant_sees_its_own_and_an_administrator_all_and_what_is_nobodys()
    {
        foreach (var tenantId in new[] { "one", "one", "two" })
        {
            await Accepted.EventAsync(api, tenantId);
        }

        await api.Database.ExecuteAsync("INSERT INTO accounting_deltas (tenant_id, parked) VALUES ('', 5)");
        var token = await api.TokenAsync("one", "deliveries:read");

        Assert.Equal((2, 0), (await CountAsync("", "accepted", token), await CountAsync("", "parked", token)));
        Assert.Equal(2, await CountAsync("?tenant_id=one", "accepted", token));
        Assert.Equal(1, await CountAsync("?tenant_id=two", "accepted"));
        Assert.True(await CountAsync("", "accepted") >= 3);
        Assert.True(await CountAsync("", "parked") >= 5);
        (await api.GetAsync("/v1/accounting?tenant_id=two", token)).IsProblem(HttpStatusCode.Forbidden, "forbidden");
        (await api.GetAsync("/v1/accounting", await api.TokenAsync("one", "events:read"))).IsProblem(HttpStatusCode.Forbidden, "forbidden");
    }

    [Theory]
    [InlineData("tenant=one", "/tenant unknown_member")]
    [InlineData("tenant_id=", "/tenant_id invalid_format")]
    [InlineData("tenant_id=a&tenant_id=b&x=1", "/tenant_id invalid_format", "/x unknown_member")]
    public async Task A_query_that_nobody_asked_for_is_refused(string query, params string[] errors) =>
        (await api.GetAsync($"/v1/accounting?{query}")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", errors);

    private async Task<long> CountAsync(string query, string member, string token = ManagementApi.AdminToken) =>
        (await api.GetAsync($"/v1/accounting{query}", token)).Json.GetProperty(member).GetInt64();
}
