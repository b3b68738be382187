using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Webhooks.Database.Deliveries;
using Webhooks.Database.Partitions;
using Webhooks.Management.Events;
using Webhooks.Management.Tests.Deliveries;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests.Events;

public sealed class EventListTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    [Fact]
    public async Task Events_are_listed_as_they_came_newest_first_without_their_deliveries()
    {
        await Accepted.EventAsync(api, "whole", "exception.created", subscriptions: null, data: """{"amount":1000.0,"b":1E3}""");
        var second = await Accepted.EventAsync(api, "whole", "exception.created");

        var list = await api.GetAsync("/v1/events?tenant_id=whole");

        Assert.Equal((HttpStatusCode.OK, 2, second.EventId), (list.Status, list.Ids.Count, list.Ids[0]));
        var item = list.Json.GetProperty("items")[1];
        Assert.Equal(["id", "type", "timestamp", "version", "tenant_id", "context_id", "data", "metadata", "created_at"], item.EnumerateObject().Select(member => member.Name));
        Assert.Equal("""{"amount":1000.0,"b":1E3}""", item.GetProperty("data").GetRawText());
        Assert.Null(list.NextCursor);
    }

    [Fact]
    public async Task Lists_are_filtered()
    {
        var first = await Accepted.EventAsync(api, "sieve", "a.b");
        var second = await Accepted.EventAsync(api, "sieve", "c");
        var third = await Accepted.EventAsync(api, "sieve", "c");
        await CorrelateAsync(first, "req_1");
        await CorrelateAsync(third, "req_1");
        await CorrelateAsync(await Accepted.EventAsync(api, "sieve_other", "c"), "req_1");

        async Task<IEnumerable<string>> IdsAsync(string filter) => (await api.GetAsync($"/v1/events?tenant_id=sieve&{filter}")).Ids;

        Assert.Equal([third.EventId, second.EventId, first.EventId], await IdsAsync(""));
        Assert.Equal([third.EventId, second.EventId], await IdsAsync("type=c"));
        Assert.Equal([third.EventId, first.EventId], await IdsAsync("correlation_id=req_1"));
        Assert.Equal([first.EventId], await IdsAsync("correlation_id=req_1&type=a.b"));
        Assert.Empty(await IdsAsync("correlation_id=req_2"));
        Assert.Equal([third.EventId, second.EventId], await IdsAsync($"since={Iso(second.CreatedAt)}"));
        Assert.Equal([first.EventId], await IdsAsync($"until={Iso(second.CreatedAt)}"));
        // An administrator who has only the id from a log.
        Assert.Equal(3, (await api.GetAsync("/v1/events?correlation_id=req_1")).Ids.Count);
    }

    [Fact]
    public async Task Another_tenants_events_are_not_listed()
    {
        await CorrelateAsync(await Accepted.EventAsync(api, "secretive"), "req_secret");
        var foreign = await api.TokenAsync("curious");

        Assert.Empty((await api.GetAsync("/v1/events", foreign)).Ids);
        Assert.Empty((await api.GetAsync("/v1/events?correlation_id=req_secret", foreign)).Ids);
        (await api.GetAsync("/v1/events?tenant_id=secretive", foreign)).IsProblem(HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task Pages_cross_days_and_moments_that_are_shared_and_miss_none()
    {
        var now = api.Time.GetUtcNow();
        var made = new List<string>();
        foreach (var hours in new[] { 20, 10, 0 })
        {
            // Two publishers may accept at the same microsecond.
            foreach (var name in new[] { "a", "b", "c" })
            {
                var accepted = await Accepted.EventAsync(api, "leaves", "t", [], now.AddHours(-hours), $"evt_{hours}_{name}");
                made.Insert(0, $"evt_{hours}_{name}");
            }
        }

        foreach (var query in new[] { "tenant_id=leaves", "tenant_id=leaves&type=t", $"type=t&since={Iso(now.AddHours(-21))}" })
        {
            var found = new List<string>();
            for (var cursor = ""; cursor is not null;)
            {
                var page = await api.GetAsync($"/v1/events?{query}&limit=2&cursor={cursor}");
                found.AddRange(page.Ids);
                cursor = page.NextCursor;
            }

            Assert.Equal(made, found);
        }
    }

    [Fact]
    public async Task A_page_looks_on_for_a_rare_type_and_the_pages_come_to_an_end()
    {
        var oldest = await Accepted.EventAsync(api, "rare", "needle", [], api.Time.GetUtcNow().AddHours(-1));
        await api.Database.ExecuteAsync(
            """
            INSERT INTO events (created_at, tenant_id, event_id, type, occurred_at, version, data)
            SELECT clock_timestamp(), 'rare', 'evt_' || place, 'hay', '2024-01-20T10:30:00Z', '1.0', '{}' FROM generate_series(1, 12000) AS place
            """);

        var pages = new List<IReadOnlyList<string>>();
        for (var cursor = ""; cursor is not null;)
        {
            var page = await api.GetAsync($"/v1/events?tenant_id=rare&type=needle&cursor={cursor}");
            pages.Add(page.Ids);
            cursor = page.NextCursor;
        }

        Assert.Equal([oldest.EventId], pages.SelectMany(page => page));
        Assert.InRange(pages.Count, 1, 4);
    }

    [Fact]
    public async Task A_page_of_large_events_is_short_and_leads_on()
    {
        var data = $$"""{"text":"{{new string('x', 1_000_000)}}"}""";
        var made = new List<string>();
        for (var number = 0; number < 10; number++)
        {
            made.Insert(0, (await Accepted.EventAsync(api, "large", "a", [], data: data)).EventId);
        }

        var pages = new List<IReadOnlyList<string>>();
        for (var cursor = ""; cursor is not null;)
        {
            var page = await api.GetAsync($"/v1/events?tenant_id=large&cursor={cursor}");
            Assert.InRange(page.Text.Length, 0, EventList.LargestPage + 1_100_000);
            pages.Add(page.Ids);
            cursor = page.NextCursor;
        }

        Assert.Equal(made, pages.SelectMany(page => page));
        Assert.Equal([5, 5, 0], pages.Select(page => page.Count));
    }

    [Fact]
    public async Task No_list_reads_or_sorts_whole_partitions()
    {
        await api.Services.GetRequiredService<DayPartitions>().EnsureAsync(TestContext.Current.CancellationToken);
        // A crowd, among which a small tenant must not be looked for.
        await api.Database.ExecuteAsync(
            """
            INSERT INTO events (created_at, tenant_id, event_id, type, occurred_at, version, data, correlation_id)
            SELECT clock_timestamp(), 'crowd', 'evt_' || place, 'a', '2024-01-20T10:30:00Z', '1.0', '{}', 'crowd_' || place FROM generate_series(1, 20000) AS place
            """);
        await api.Database.ExecuteAsync("ANALYZE events");
        var filters = new EventFilter[]
        {
            new(), new() { TenantId = "x" }, new() { TenantId = "x", Type = "a", Since = DateTimeOffset.UnixEpoch }, new() { CorrelationId = "c" }, new() { TenantId = "x", CorrelationId = "c" },
        };
        foreach (var filter in filters)
        {
            await using var connection = await api.Database.OpenConnectionAsync();
            await using var batch = new NpgsqlBatch(connection) { BatchCommands = { new(DeliveryScan.InOrder), EventList.Select(filter, new EventCursor(api.Time.GetUtcNow(), "x", "y"), 51) } };
            batch.BatchCommands[1].CommandText = $"EXPLAIN {batch.BatchCommands[1].CommandText}";
            await using var row = await batch.ExecuteReaderAsync();
            await row.NextResultAsync();
            var plan = new List<string>();
            while (await row.ReadAsync())
            {
                plan.Add(row.GetString(0));
            }

            var index = filter.CorrelationId is not null ? "correlation_id_created_at_idx" : filter.TenantId is not null ? "tenant_id_created_at_idx" : "pkey";
            Assert.True(plan.Exists(line => line.Contains("Index Scan Backward", StringComparison.Ordinal) && line.Contains(index, StringComparison.Ordinal)), string.Join('\n', plan));
            // What shares a microsecond is sorted as it comes: that is no sort of all.
            Assert.DoesNotContain(
                plan,
                line => (line.Contains("Sort", StringComparison.Ordinal) && !line.Contains("Incremental Sort", StringComparison.Ordinal) && !line.Contains("Sort Key", StringComparison.Ordinal))
                    || line.Contains("Seq Scan", StringComparison.Ordinal) || line.Contains("Bitmap", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("limit=0", "/limit out_of_range")]
    [InlineData("since=yesterday", "/since invalid_format")]
    [InlineData("correlation_id=", "/correlation_id invalid_format")]
    [InlineData("status=failed", "/status unknown_member")]
    public async Task A_faulty_filter_is_refused(string query, string error) =>
        (await api.GetAsync($"/v1/events?{query}")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", error);

    [Theory]
    [InlineData("x")]
    [InlineData("cwjekPEBHgAAAZjA3hkwcZqT9aEMFyx8aA")]
    [InlineData("ZQAAAAAAAAAAYS9iIGM")]
    public async Task A_foreign_cursor_is_refused(string cursor) =>
        (await api.GetAsync($"/v1/events?cursor={cursor}")).IsProblem(HttpStatusCode.BadRequest, "invalid_cursor");

    private Task CorrelateAsync(Accepted accepted, string correlationId) =>
        api.Database.ExecuteAsync("UPDATE events SET correlation_id = $2 WHERE created_at = $1", accepted.CreatedAt.UtcDateTime, correlationId);

    private static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
