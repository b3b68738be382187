using Webhooks.CallbackIngest.Auditing;
using Webhooks.Database.Auditing;

namespace Webhooks.CallbackIngest.Tests.Auditing;

public sealed class RefusalTallyTests
{
    private static readonly DateTimeOffset Minute = new(2024, 1, 20, 10, 30, 0, TimeSpan.Zero);

    private readonly RefusalTally _tally = new();

    [Fact]
    public void Each_has_a_row_and_what_goes_beyond_is_counted_in_one_when_the_minute_is_over()
    {
        Add(RefusalTally.Singly + 30);

        Assert.Equal(RefusalTally.Singly, _tally.Take(Minute.AddSeconds(59), 1000).Rows.Count);
        var many = Assert.Single(_tally.Take(Minute.AddSeconds(60), 1000).Rows);
        Assert.Equal((30, Minute.AddSeconds(RefusalTally.Singly), Minute.AddSeconds(RefusalTally.Singly + 29)), (many.Many!.Value.Count, many.At, many.Many.Value.Until));
        Assert.Equal(
            """{"exception_id":null,"external_system":null,"idempotency_key":null,"command_id":null,"source_id":null,"code":"rate_limited","at":"2024-01-20T10:30:20Z","count":30,"until":"2024-01-20T10:30:49Z"}""",
            many.ToEntry().Details!.ToJsonString());
        Assert.Equal(("tok_1", "callback.refused", "tok_1", "tenant_001"), (many.By.Id, many.ToEntry().Action, many.ToEntry().Subject, many.TenantId));
        Assert.Empty(_tally.Take(Minute.AddMinutes(5), 1000).Rows);
    }

    [Fact]
    public void Every_caller_tenant_code_and_minute_has_its_own()
    {
        Add(RefusalTally.Singly + 1);
        _tally.Add(Of(0, actor: "tok_2"));
        _tally.Add(Of(0, code: "forbidden"));
        _tally.Add(Of(0, tenant: "tenant_002"));
        _tally.Add(Of(60));

        // Three of others, the count of the first minute, and one of the next.
        Assert.Equal(RefusalTally.Singly + 3 + 1 + 1, _tally.Take(Minute.AddSeconds(60), 1000).Rows.Count);
    }

    [Fact]
    public void What_does_not_fit_is_dropped_and_counted()
    {
        for (var caller = 0; caller < RefusalTally.Most + 7; caller++)
        {
            _tally.Add(Of(0, actor: $"tok_{caller}"));
        }

        var (rows, dropped) = _tally.Take(Minute, int.MaxValue);
        Assert.Equal((RefusalTally.Most, 7), (rows.Count, dropped));
        Assert.Equal(0, _tally.Take(Minute, 1).Dropped);
    }

    [Fact]
    public void Rows_that_wait_for_the_database_are_bounded_too()
    {
        for (var minute = 0; minute < 3; minute++)
        {
            for (var caller = 0; caller < RefusalTally.Most / 2; caller++)
            {
                _tally.Add(Of(minute * 60, actor: $"tok_{caller}"));
            }
        }

        var (rows, dropped) = _tally.Take(Minute, int.MaxValue);
        Assert.Equal((RefusalTally.Most, RefusalTally.Most / 2), (rows.Count, dropped));
    }

    [Fact]
    public void Who_names_a_tenant_after_the_other_takes_no_room_of_others_and_is_counted()
    {
        for (var tenant = 0; tenant < 2 * RefusalTally.Most; tenant++)
        {
            _tally.Add(Of(0, actor: "tok_all", code: tenant % 2 == 0 ? "forbidden" : "malformed_json", tenant: $"invented_{tenant}"));
        }

        _tally.Add(Of(1, actor: "tok_2"));

        var (rows, dropped) = _tally.Take(Minute.AddSeconds(1), int.MaxValue);
        Assert.Equal(0, dropped);
        Assert.Equal("tok_2", Assert.Single(rows, row => row.By.Id != "tok_all").By.Id);
        Assert.Equal(RefusalTally.SinglyInAll, rows.Count - 1);

        var (counts, lost) = _tally.Take(Minute.AddSeconds(60), int.MaxValue);
        Assert.Equal(0, lost);
        Assert.All(counts, count => Assert.Null(count.TenantId));
        Assert.Equal(["forbidden", "malformed_json"], counts.Select(count => count.Code).Order(StringComparer.Ordinal));
        Assert.Equal((2 * RefusalTally.Most) - RefusalTally.SinglyInAll, counts.Sum(count => count.Many!.Value.Count));
    }

    [Fact]
    public void While_the_database_is_away_one_callers_rows_leave_room_for_the_others()
    {
        for (var minute = 0; minute < 100; minute++)
        {
            for (var call = 0; call < RefusalTally.SinglyInAll; call++)
            {
                _tally.Add(Of(minute * 60, actor: "tok_all", tenant: $"tenant_{call}"));
            }
        }

        _tally.Add(Of(99 * 60, actor: "tok_2"));

        var (rows, dropped) = _tally.Take(Minute, int.MaxValue);
        Assert.Equal((RefusalTally.MostOfOne + 1, (100 * RefusalTally.SinglyInAll) - RefusalTally.MostOfOne), (rows.Count, dropped));
        Assert.Contains(rows, row => row.By.Id == "tok_2");
        // What was written has left its room.
        _tally.Add(Of(100 * 60, actor: "tok_all"));
        Assert.Single(_tally.Take(Minute, int.MaxValue).Rows);
    }

    private void Add(int count)
    {
        for (var second = 0; second < count; second++)
        {
            _tally.Add(Of(second));
        }
    }

    private static Refusal Of(int second, string actor = "tok_1", string code = "rate_limited", string tenant = "tenant_001") => new(
        new Actor(actor), tenant, code, new CallbackNames("exception_id", $"exc_{second}", "JIRA", "k", Guid.Empty, null), Minute.AddSeconds(second), "trace");
}
