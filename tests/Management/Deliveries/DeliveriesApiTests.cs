using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Webhooks.Api.Pages;
using Webhooks.Contracts;
using Webhooks.Database.Deliveries;
using Webhooks.Database.Partitions;
using Webhooks.Management.Deliveries;

namespace Webhooks.Management.Tests.Deliveries;

public sealed class DeliveriesApiTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    [Fact]
    public async Task A_delivery_is_shown_with_its_attempts_and_the_body_they_sent()
    {
        var subscription = await api.SubscribeAsync("detail");
        var accepted = await Accepted.EventAsync(api, "detail", "exception.created", [subscription.Id]);
        var id = accepted.Deliveries[0];
        await AttemptAsync(id, accepted.CreatedAt, 1, "server_error", 503, "Content-Type: text/plain\nSet-Cookie: a\nSet-Cookie: b\n", [.. "try "u8, 0xff], accepted.CreatedAt.AddSeconds(5));
        await AttemptAsync(id, accepted.CreatedAt, 2, "timed_out", null, null, null, null);

        var shown = await api.GetAsync($"/v1/deliveries/{id}");

        Assert.Equal(
            ["id", "tenant_id", "event_id", "event_type", "subscription_id", "status", "replay_of", "created_at", "next_attempt_at", "attempts"],
            shown.Json.EnumerateObject().Select(member => member.Name));
        Assert.Equal((id, "detail", accepted.EventId), (shown.Id, shown.Member("tenant_id"), shown.Member("event_id")));
        Assert.Equal(("exception.created", subscription.Id, "pending"), (shown.Member("event_type"), shown.Member("subscription_id"), shown.Member("status")));
        var attempts = shown.Json.GetProperty("attempts");
        Assert.Equal(
            ["number", "started_at", "duration_ms", "outcome", "status_code", "error", "request", "response_headers", "response_body", "next_attempt_at", "trace_id"],
            attempts[0].EnumerateObject().Select(member => member.Name));
        Assert.Equal((1, 503, "server_error"), (attempts[0].GetProperty("number").GetInt32(), attempts[0].GetProperty("status_code").GetInt32(), attempts[0].GetProperty("outcome").GetString()));
        Assert.Equal("""{"Content-Type":"text/plain","Set-Cookie":"a, b"}""", attempts[0].GetProperty("response_headers").GetRawText());
        Assert.Equal("try \ufffd", attempts[0].GetProperty("response_body").GetString());
        Assert.Equal(accepted.CreatedAt.AddSeconds(5), attempts[0].GetProperty("next_attempt_at").GetDateTimeOffset());
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (attempts[1].GetProperty("status_code").ValueKind, attempts[1].GetProperty("response_headers").ValueKind));

        var request = attempts[1].GetProperty("request");
        Assert.Equal(("https://receiver.example/hook", "sha256=0f"), (request.GetProperty("url").GetString(), request.GetProperty("headers").GetProperty("X-Matcher-Signature").GetString()));
        Assert.Equal(
            $$$"""{"id":"{{{accepted.EventId}}}","type":"exception.created","timestamp":"2024-01-20T10:30:00.5+01:00","version":"1.0","tenant_id":"detail","data":{"amount":1000.0},"metadata":{"source":"tests"}}""",
            request.GetProperty("body").GetString());
    }

    [Fact]
    public async Task The_body_is_that_of_the_revision_the_delivery_is_pinned_to()
    {
        var subscription = await api.SubscribeAsync("pinned");
        var accepted = await Accepted.EventAsync(api, "pinned", "a", [subscription.Id]);
        await AttemptAsync(accepted.Deliveries[0], accepted.CreatedAt, 1, "succeeded", 200, "", [], null);

        await api.PatchAsync($"/v1/subscriptions/{subscription.Id}", new { profile = "standard" });

        var shown = await api.GetAsync($"/v1/deliveries/{accepted.Deliveries[0]}");
        Assert.StartsWith("{\"id\":", shown.Json.GetProperty("attempts")[0].GetProperty("request").GetProperty("body").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dlv_00000000000000000000000000000000")]
    [InlineData("dlv_ffffffffffff7fff8fffffffffffffff")]
    [InlineData("dlv_0192f0f0f0f07000800000000000000g")]
    [InlineData("sub_01a1fc6f7f6f74728db2061d67cc7ccc")]
    [InlineData("dlv_01a1fc6f7f6f74728db2061d67cc7ccc")]
    public async Task What_is_no_deliverys_id_is_not_found(string id) =>
        (await api.GetAsync($"/v1/deliveries/{id}")).IsProblem(HttpStatusCode.NotFound, "not_found");

    [Fact]
    public async Task Lists_are_filtered_newest_first_and_leave_attempts_out()
    {
        var (one, two) = (await api.SubscribeAsync("lists"), await api.SubscribeAsync("lists"));
        var first = await Accepted.EventAsync(api, "lists", "a.b", [one.Id, two.Id]);
        var second = await Accepted.EventAsync(api, "lists", "c", [one.Id]);
        var third = await Accepted.EventAsync(api, "lists", "c", [two.Id]);
        await StatusAsync(third.Deliveries[0], "failed");
        await Accepted.EventAsync(api, "elsewhere");

        async Task<IEnumerable<string>> IdsAsync(string filter) => (await api.GetAsync($"/v1/deliveries?tenant_id=lists&{filter}")).Ids;

        string[] newestFirst = [third.Deliveries[0], second.Deliveries[0], .. first.Deliveries.OrderDescending(StringComparer.Ordinal)];
        Assert.Equal(newestFirst, await IdsAsync(""));
        Assert.Equal([second.Deliveries[0], first.Deliveries[0]], await IdsAsync($"subscription_id={one.Id}"));
        Assert.Equal(first.Deliveries.OrderDescending(StringComparer.Ordinal), await IdsAsync($"event_id={first.EventId}"));
        Assert.Equal([first.Deliveries[1]], await IdsAsync($"event_id={first.EventId}&subscription_id={two.Id}"));
        Assert.Equal(newestFirst[..2], await IdsAsync("type=c"));
        Assert.Equal([third.Deliveries[0]], await IdsAsync("status=failed"));
        Assert.Equal([second.Deliveries[0]], await IdsAsync("type=c&status=pending"));
        Assert.Empty(await IdsAsync("status=exhausted"));
        Assert.Empty(await IdsAsync("event_id=evt_unknown"));
        Assert.Equal(newestFirst[..2], await IdsAsync($"since={Iso(second.CreatedAt)}"));
        Assert.Equal(newestFirst[1..], await IdsAsync($"until={Iso(third.CreatedAt)}"));
        Assert.Equal([second.Deliveries[0]], await IdsAsync($"since={Iso(second.CreatedAt)}&until={Iso(third.CreatedAt)}"));
        Assert.False((await api.GetAsync("/v1/deliveries?tenant_id=lists")).Json.GetProperty("items")[0].TryGetProperty("attempts", out _));
    }

    [Fact]
    public async Task Another_tenants_subscription_or_event_lists_nothing()
    {
        var subscription = await api.SubscribeAsync("mine");
        var accepted = await Accepted.EventAsync(api, "mine", "a", [subscription.Id]);
        var foreign = await api.TokenAsync("stranger");

        Assert.Empty((await api.GetAsync($"/v1/deliveries?subscription_id={subscription.Id}", foreign)).Ids);
        Assert.Empty((await api.GetAsync($"/v1/deliveries?event_id={accepted.EventId}", foreign)).Ids);
        Assert.Empty((await api.GetAsync("/v1/deliveries", foreign)).Ids);
    }

    [Fact]
    public async Task Pages_cross_days_and_miss_none()
    {
        var subscriptions = new List<string> { (await api.SubscribeAsync("days")).Id, (await api.SubscribeAsync("days")).Id, (await api.SubscribeAsync("days")).Id };
        var now = api.Time.GetUtcNow();
        var made = new List<string>();
        foreach (var hours in new[] { 20, 10, 0 })
        {
            made.InsertRange(0, (await Accepted.EventAsync(api, "days", "a", subscriptions, now.AddHours(-hours))).Deliveries.OrderDescending(StringComparer.Ordinal));
        }

        foreach (var filter in new[] { "", "&type=a", "&status=pending" })
        {
            var found = new List<string>();
            for (var cursor = ""; cursor is not null;)
            {
                var page = await api.GetAsync($"/v1/deliveries?tenant_id=days&limit=2&cursor={cursor}{filter}");
                found.AddRange(page.Ids);
                cursor = page.NextCursor;
            }

            Assert.Equal(made, found);
        }
    }

    [Fact]
    public async Task A_page_looks_on_for_what_is_rare_and_the_pages_come_to_an_end()
    {
        var subscription = await api.SubscribeAsync("rare");
        var oldest = await Accepted.EventAsync(api, "rare", "needle", [subscription.Id], api.Time.GetUtcNow().AddHours(-1));
        await using (var hay = api.Database.CreateCommand(
            """
            INSERT INTO deliveries (created_at, id, tenant_id, event_id, event_type, subscription_id, revision)
            SELECT clock_timestamp(), gen_random_uuid(), 'rare', 'hay', 'hay', $1, 1 FROM generate_series(1, 25000)
            """))
        {
            hay.Parameters.Add(new() { Value = ManagementApi.IdOf(subscription) });
            await hay.ExecuteNonQueryAsync();
        }

        // One statement looks at 10,000 rows; a page is several of them, unless they take a second.
        var pages = new List<IReadOnlyList<string>>();
        for (var walk = 0; walk < 10 && pages.Count is 0 or > 2; walk++)
        {
            pages.Clear();
            for (var cursor = ""; cursor is not null;)
            {
                var page = await api.GetAsync($"/v1/deliveries?tenant_id=rare&type=needle&cursor={cursor}");
                pages.Add(page.Ids);
                cursor = page.NextCursor;
            }

            Assert.Equal(oldest.Deliveries, pages.SelectMany(page => page));
        }

        Assert.InRange(pages.Count, 1, 2);
    }

    [Fact]
    public async Task A_page_that_looks_on_shows_nothing_twice_while_deliveries_come_in()
    {
        var subscription = await api.SubscribeAsync("growing");
        await ComeInAsync(12_000);
        using var enough = new CancellationTokenSource();
        var comingIn = Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                await ComeInAsync(400);
            }
        });

        try
        {
            for (var round = 0; round < 10; round++)
            {
                // Fewer than a page among the first rows that are looked at.
                var page = await api.GetAsync("/v1/deliveries?tenant_id=growing&status=failed&limit=200");
                Assert.Equal(page.Ids.Distinct(), page.Ids);
            }
        }
        finally
        {
            await enough.CancelAsync();
            await comingIn;
        }

        async Task ComeInAsync(int count)
        {
            await using var insert = api.Database.CreateCommand(
                """
                INSERT INTO deliveries (created_at, id, tenant_id, event_id, event_type, subscription_id, revision, status)
                SELECT clock_timestamp(), gen_random_uuid(), 'growing', 'evt', 'a', $1, 1, CASE WHEN place % 80 = 0 THEN 'failed' ELSE 'delivered' END
                FROM generate_series(1, $2) AS place
                """);
            insert.Parameters.Add(new() { Value = ManagementApi.IdOf(subscription) });
            insert.Parameters.Add(new() { Value = count });
            await insert.ExecuteNonQueryAsync();
        }
    }

    [Fact]
    public async Task No_list_reads_or_sorts_whole_partitions()
    {
        await api.Services.GetRequiredService<DayPartitions>().EnsureAsync(TestContext.Current.CancellationToken);
        var filters = new DeliveryFilter[]
        {
            new(), new() { TenantId = "x" }, new() { SubscriptionId = Guid.NewGuid() }, new() { TenantId = "x", SubscriptionId = Guid.NewGuid(), Status = "failed", Type = "a" },
            new() { Status = "failed", Since = DateTimeOffset.UnixEpoch },
        };
        foreach (var filter in filters)
        {
            await using var connection = await api.Database.OpenConnectionAsync();
            await using var batch = new NpgsqlBatch(connection) { BatchCommands = { new(DeliveryScan.InOrder), DeliveryList.Select(filter, moments: null, new Cursor(api.Time.GetUtcNow(), Guid.AllBitsSet), 51) } };
            batch.BatchCommands[1].CommandText = $"EXPLAIN {batch.BatchCommands[1].CommandText}";
            await using var row = await batch.ExecuteReaderAsync();
            await row.NextResultAsync();
            var plan = new List<string>();
            while (await row.ReadAsync())
            {
                plan.Add(row.GetString(0));
            }

            Assert.Contains(plan, line => line.Contains("Index Scan Backward", StringComparison.Ordinal));
            Assert.DoesNotContain(plan, line => line.Contains("Sort", StringComparison.Ordinal) || line.Contains("Seq Scan", StringComparison.Ordinal) || line.Contains("Bitmap", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("limit=0", "/limit out_of_range")]
    [InlineData("limit=201", "/limit out_of_range")]
    [InlineData("limit=ten", "/limit out_of_range")]
    [InlineData("status=lost", "/status invalid_value")]
    [InlineData("subscription_id=x", "/subscription_id invalid_format")]
    [InlineData("since=yesterday", "/since invalid_format")]
    [InlineData("until=2024-01-20", "/until invalid_format")]
    [InlineData("state=failed", "/state unknown_member")]
    [InlineData("status=failed&status=pending", "/status invalid_format")]
    [InlineData("subscription_id=", "/subscription_id invalid_format")]
    [InlineData("type=%00", "/type invalid_format")]
    public async Task A_faulty_filter_is_refused(string query, string error) =>
        (await api.GetAsync($"/v1/deliveries?{query}")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", error);

    [Theory]
    [InlineData("x")]
    [InlineData("%00")]
    [InlineData("ZAjeUcBw0AAAAZwAAAAAcACAAAAAAAAAAAA")]
    public async Task A_foreign_cursor_is_refused(string cursor)
    {
        var list = await api.GetAsync($"/v1/subscriptions?cursor={cursor}");
        Assert.Equal(HttpStatusCode.BadRequest, list.Status);
        Assert.Contains(list.Code, new[] { "invalid_cursor", "validation_failed" });
    }

    private static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private static Guid Parse(string delivery) => PrefixedId.TryParse(PrefixedId.Delivery, delivery, out var id) ? id : throw new InvalidOperationException(delivery);

    private async Task StatusAsync(string delivery, string status)
    {
        await using var command = api.Database.CreateCommand("UPDATE deliveries SET status = $2 WHERE id = $1");
        command.Parameters.Add(new() { Value = Parse(delivery) });
        command.Parameters.Add(new() { Value = status });
        await command.ExecuteNonQueryAsync();
    }

    private async Task AttemptAsync(
        string delivery, DateTimeOffset createdAt, int number, string outcome, int? statusCode, string? responseHeaders, byte[]? responseBody, DateTimeOffset? nextAttemptAt)
    {
        await using var command = api.Database.CreateCommand(
            """
            INSERT INTO attempts (created_at, delivery_id, number, started_at, duration_ms, outcome, status_code, error, request_url, request_headers, response_headers, response_body, next_attempt_at, trace_id)
            VALUES ($1, $2, $3, $1, 12, $4, $5, NULL, 'https://receiver.example/hook', E'Content-Type: application/json\nX-Matcher-Signature: sha256=0f\n', $6, $7, $8, repeat('a', 32))
            """);
        command.Parameters.Add(new() { Value = createdAt });
        command.Parameters.Add(new() { Value = Parse(delivery) });
        command.Parameters.Add(new() { Value = number });
        command.Parameters.Add(new() { Value = outcome });
        command.Parameters.Add(new() { Value = (object?)statusCode ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Integer });
        command.Parameters.Add(new() { Value = (object?)responseHeaders ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = (object?)responseBody ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bytea });
        command.Parameters.Add(new() { Value = (object?)nextAttemptAt ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.TimestampTz });
        await command.ExecuteNonQueryAsync();
    }
}
