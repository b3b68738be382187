using System.Globalization;
using System.Net;
using System.Text.Json;
using Webhooks.Sending;
using Webhooks.Sending.Measures;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests.Stats;

public sealed class StatsApiTests(ManagementApi api) : IClassFixture<ManagementApi>, IAsyncLifetime
{
    private const string Day = "since=2024-01-20T00:00:00Z&until=2024-01-21T00:00:00Z";

    /// <summary>No hour has been added up yet.</summary>
    public async ValueTask InitializeAsync() => await api.Database.ExecuteAsync("UPDATE settings SET value = 0 WHERE name = 'hours_until'");

    [Fact]
    public async Task Nothing_is_shown_as_zeros_and_nulls()
    {
        var shown = await api.GetAsync($"/v1/stats?tenant_id=nobody&{Day}");

        Assert.Equal(
            (
                "{'since':'2024-01-20T00:00:00Z','until':'2024-01-21T00:00:00Z','resolution':null,'attempts':0,'deliveries':{'delivered':0,'failed':0,'exhausted':0},"
                + "'latency_seconds':{'p50':null,'p95':null,'p99':null},'retry':{'retried':0,'delivered':0,'success_rate':null},"
                + "'outcomes':{'succeeded':0,'gone':0,'throttled':0,'rejected':0,'redirected':0,'server_error':0,'timed_out':0,'dns_failed':0,'connection_failed':0,'tls_failed':0,'certificate_invalid':0,'address_refused':0,'response_invalid':0,'render_failed':0},"
                + "'series':null,'subscriptions':{'items':[],'next_cursor':null}}").Replace('\'', '"'),
            shown.Text);
    }

    [Fact]
    public async Task Figures_are_added_up_over_minutes_and_dispatchers()
    {
        var subscription = await api.SubscribeAsync("figures");
        await CountAsync(subscription, "2024-01-20T10:01:00Z", Measure.Attempts(AttemptOutcome.Succeeded), 60, 38);
        await CountAsync(subscription, "2024-01-20T10:02:00Z", Measure.Attempts(AttemptOutcome.Succeeded), 2);
        await CountAsync(subscription, "2024-01-20T10:02:00Z", Measure.Attempts(AttemptOutcome.ServerError), 7, 1);
        await CountAsync(subscription, "2024-01-20T10:01:00Z", Measure.Delivered(TimeSpan.FromMilliseconds(20)), 60, 34);
        await CountAsync(subscription, "2024-01-20T10:01:00Z", Measure.Delivered(TimeSpan.FromSeconds(5)), 4);
        await CountAsync(subscription, "2024-01-20T10:02:00Z", Measure.Delivered(TimeSpan.FromHours(1)), 2);
        await CountAsync(subscription, "2024-01-20T10:02:00Z", Measure.Failed, 3);
        await CountAsync(subscription, "2024-01-20T10:02:00Z", Measure.Exhausted, 2);
        await CountAsync(subscription, "2024-01-20T10:02:00Z", Measure.Retried, 8);
        await CountAsync(subscription, "2024-01-20T10:02:00Z", Measure.RetriedDelivered, 6);

        var shown = (await api.GetAsync($"/v1/stats?subscription_id={subscription.Id}&{Day}")).Json;

        Assert.Equal(108, shown.GetProperty("attempts").GetInt64());
        Assert.Equal("""{"delivered":100,"failed":3,"exhausted":2}""", shown.GetProperty("deliveries").GetRawText());
        Assert.Equal("""{"retried":8,"delivered":6,"success_rate":0.75}""", shown.GetProperty("retry").GetRawText());
        Assert.Equal((100, 8, 0), (Outcome("succeeded"), Outcome("server_error"), Outcome("gone")));
        var latencies = shown.GetProperty("latency_seconds");
        AssertWithin10Percent(0.02, latencies.GetProperty("p50"));
        AssertWithin10Percent(5, latencies.GetProperty("p95"));
        AssertWithin10Percent(3600, latencies.GetProperty("p99"));
        var one = Assert.Single(shown.GetProperty("subscriptions").GetProperty("items").EnumerateArray());
        Assert.Equal(subscription.Id, one.GetProperty("subscription_id").GetString());
        Assert.Equal(shown.GetProperty("outcomes").GetRawText(), one.GetProperty("outcomes").GetRawText());

        long Outcome(string name) => shown.GetProperty("outcomes").GetProperty(name).GetInt64();
    }

    [Fact]
    public async Task Since_is_inclusive_and_until_exclusive_in_whole_minutes()
    {
        var subscription = await api.SubscribeAsync("edges");
        foreach (var minute in new[] { "2024-01-20T09:59:00Z", "2024-01-20T10:00:00Z", "2024-01-20T10:59:00Z", "2024-01-20T11:00:00Z" })
        {
            await CountAsync(subscription, minute, Measure.Failed, 1);
        }

        var shown = await api.GetAsync($"/v1/stats?tenant_id=edges&since=2024-01-20T11:00:30%2B01:00&until=2024-01-20T10:59:00.1Z");

        Assert.Equal(("2024-01-20T10:00:00Z", "2024-01-20T11:00:00Z"), (shown.Member("since"), shown.Member("until")));
        Assert.Equal(2, FailedOf(shown.Json));
    }

    [Fact]
    public async Task A_series_has_every_interval_and_adds_up_to_the_whole()
    {
        var subscription = await api.SubscribeAsync("series");
        await CountAsync(subscription, "2024-01-20T10:30:00Z", Measure.Failed, 2);
        await CountAsync(subscription, "2024-01-20T10:31:00Z", Measure.Failed, 3);
        await CountAsync(subscription, "2024-01-20T12:05:00Z", Measure.Failed, 5);

        Assert.Equal([0, 5, 0, 5, 0], await SeriesAsync("hour", "2024-01-20T09:00:00Z", "2024-01-20T14:00:00Z"));
        Assert.Equal([0, 2, 3, 0], await SeriesAsync("minute", "2024-01-20T10:29:00Z", "2024-01-20T10:33:00Z"));
        Assert.Equal([0, 10, 0], await SeriesAsync("day", "2024-01-19T12:00:00Z", "2024-01-21T12:00:00Z"));

        async Task<IEnumerable<long>> SeriesAsync(string resolution, string since, string until)
        {
            var shown = (await api.GetAsync($"/v1/stats?tenant_id=series&resolution={resolution}&since={since}&until={until}")).Json;
            var series = shown.GetProperty("series").EnumerateArray().ToList();
            Assert.Equal(resolution, shown.GetProperty("resolution").GetString());
            Assert.Equal(series.Select(point => point.GetProperty("at").GetDateTimeOffset()).Order(), series.Select(point => point.GetProperty("at").GetDateTimeOffset()));
            Assert.Equal(FailedOf(shown), series.Sum(FailedOf));
            return series.Select(FailedOf);
        }
    }

    [Fact]
    public async Task Hours_that_were_folded_are_read_from_the_hours_and_counted_once()
    {
        var subscription = await api.SubscribeAsync("folded");
        await api.Database.ExecuteAsync("UPDATE settings SET value = extract(epoch FROM timestamptz '2024-01-20T12:00:00Z')::bigint WHERE name = 'hours_until'");
        // As the leader leaves them: the minutes stay. They differ here, so that it shows which were read.
        await CountAsync(subscription, "2024-01-20T10:30:00Z", Measure.Failed, 1);
        await CountAsync(subscription, "2024-01-20T12:30:00Z", Measure.Failed, 10);
        await api.Database.ExecuteAsync("INSERT INTO delivery_hours (subscription_id, hour, measure, count) VALUES ($1, '2024-01-20T10:00:00Z', $2, 100)", ManagementApi.IdOf(subscription), Measure.Failed);

        Assert.Equal(110, FailedOf((await api.GetAsync($"/v1/stats?tenant_id=folded&{Day}")).Json));
        Assert.Equal(1, FailedOf((await api.GetAsync("/v1/stats?tenant_id=folded&since=2024-01-20T10:15:00Z&until=2024-01-20T10:45:00Z")).Json));
    }

    [Fact]
    public async Task Subscriptions_come_in_pages_newest_first_with_those_for_which_nothing_happened()
    {
        var ids = new List<string>();
        for (var number = 1; number <= 5; number++)
        {
            var subscription = await api.SubscribeAsync("pages");
            ids.Insert(0, subscription.Id);
            if (number != 3)
            {
                await CountAsync(subscription, "2024-01-20T10:30:00Z", Measure.Failed, number);
            }
        }

        var (seen, cursor) = (new List<(string, long)>(), (string?)null);
        do
        {
            var shown = (await api.GetAsync($"/v1/stats?tenant_id=pages&{Day}&limit=2{(cursor is null ? "" : $"&cursor={cursor}")}")).Json;
            Assert.Equal(12, FailedOf(shown));
            var page = shown.GetProperty("subscriptions");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(item => (item.GetProperty("subscription_id").GetString()!, FailedOf(item))));
            cursor = page.GetProperty("next_cursor").GetString();
        }
        while (cursor is not null);

        Assert.Equal(ids.Zip([5L, 4, 0, 2, 1]), seen);
    }

    [Fact]
    public async Task A_tenant_sees_only_its_own()
    {
        var (mine, other) = (await api.SubscribeAsync("mine"), await api.SubscribeAsync("other"));
        await CountAsync(mine, "2024-01-20T10:30:00Z", Measure.Failed, 1);
        await CountAsync(other, "2024-01-20T10:30:00Z", Measure.Failed, 10);
        var token = await api.TokenAsync("mine", "deliveries:read");

        var shown = (await api.GetAsync($"/v1/stats?{Day}", token)).Json;
        Assert.Equal(1, FailedOf(shown));
        Assert.Equal([mine.Id], shown.GetProperty("subscriptions").GetProperty("items").EnumerateArray().Select(item => item.GetProperty("subscription_id").GetString()));
        Assert.Equal(1, FailedOf((await api.GetAsync($"/v1/stats?{Day}&subscription_id={mine.Id}", token)).Json));
        Assert.True(FailedOf((await api.GetAsync($"/v1/stats?{Day}")).Json) >= 11);
        (await api.GetAsync($"/v1/stats?subscription_id={other.Id}", token)).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await api.GetAsync($"/v1/stats?subscription_id={mine.Id}&tenant_id=other")).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await api.GetAsync("/v1/stats?subscription_id=sub_0198c0de19307b7e8a1d3f6c2b5a4e90")).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await api.GetAsync("/v1/stats?tenant_id=other", token)).IsProblem(HttpStatusCode.Forbidden, "forbidden");
        (await api.GetAsync("/v1/stats", await api.TokenAsync("mine", "events:read"))).IsProblem(HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task A_deleted_subscription_keeps_its_figures_and_leaves_the_list()
    {
        var subscription = await api.SubscribeAsync("deleted");
        await CountAsync(subscription, "2024-01-20T10:30:00Z", Measure.Failed, 7);
        await api.DeleteAsync($"/v1/subscriptions/{subscription.Id}");

        var all = (await api.GetAsync($"/v1/stats?tenant_id=deleted&{Day}")).Json;

        Assert.Equal((7, 0), (FailedOf(all), all.GetProperty("subscriptions").GetProperty("items").GetArrayLength()));
        Assert.Equal(7, FailedOf((await api.GetAsync($"/v1/stats?subscription_id={subscription.Id}&{Day}")).Json));
    }

    [Fact]
    public async Task Without_a_time_it_is_the_last_day()
    {
        var shown = (await api.GetAsync("/v1/stats?tenant_id=nobody")).Json;

        var (since, until) = (shown.GetProperty("since").GetDateTimeOffset(), shown.GetProperty("until").GetDateTimeOffset());
        Assert.Equal(TimeSpan.FromDays(1), until - since);
        Assert.InRange(until - api.Time.GetUtcNow(), TimeSpan.FromMinutes(-1), TimeSpan.FromMinutes(1));
        Assert.Equal(0, until.Second);
    }

    [Theory]
    [InlineData("since=yesterday&until=2024&resolution=week&subscription_id=x&limit=0&x=1", "/subscription_id invalid_format", "/until invalid_format", "/since invalid_format", "/resolution invalid_value", "/limit out_of_range", "/x unknown_member")]
    [InlineData("since=2024-01-20T10:00:00Z&until=2024-01-20T10:00:00Z", "/until out_of_range")]
    [InlineData("since=2024-01-20T10:00:00Z&until=2024-02-20T10:01:00Z", "/since out_of_range")]
    [InlineData("since=2024-01-20T10:00:00Z&until=2024-01-20T22:31:00Z&resolution=minute", "/resolution out_of_range")]
    [InlineData("since=0001-01-01T00:00:00Z&until=9999-12-31T23:59:59.9999999Z", "/until out_of_range", "/since out_of_range")]
    [InlineData("until=0001-01-01T00:00:00Z", "/until out_of_range")]
    public async Task A_query_is_refused_with_all_its_faults(string query, params string[] errors) =>
        (await api.GetAsync($"/v1/stats?{query}")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", errors);

    [Fact]
    public async Task Another_lists_cursor_is_refused() =>
        (await api.GetAsync("/v1/stats?cursor=AAAA")).IsProblem(HttpStatusCode.BadRequest, "invalid_cursor");

    [Fact]
    public async Task The_longest_series_is_taken() => Assert.Equal(
        750, (await api.GetAsync("/v1/stats?tenant_id=nobody&resolution=minute&since=2024-01-20T10:00:00Z&until=2024-01-20T22:30:00Z")).Json.GetProperty("series").GetArrayLength());

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>As dispatchers count, each count another one's.</summary>
    private async Task CountAsync(Answer subscription, string minute, short measure, params int[] counts)
    {
        for (var writer = 0; writer < counts.Length; writer++)
        {
            await api.Database.ExecuteAsync(
                "INSERT INTO delivery_minutes (subscription_id, minute, measure, writer, count) VALUES ($1, $2, $3, $4, $5)",
                ManagementApi.IdOf(subscription), DateTimeOffset.Parse(minute, CultureInfo.InvariantCulture).UtcDateTime, measure, writer, counts[writer]);
        }
    }

    private static long FailedOf(JsonElement figures) => figures.GetProperty("deliveries").GetProperty("failed").GetInt64();

    private static void AssertWithin10Percent(double expected, JsonElement actual) => Assert.InRange(actual.GetDouble() / expected, 0.9, 1.1);
}
