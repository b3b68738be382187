using Webhooks.Subscriptions.Profiles;

namespace Webhooks.Sending;

public sealed class OutcomeTableTests
{
    // The contract's table, row by row: outcome, "matcher" column, "other profiles" column.
    public static TheoryData<AttemptOutcome, Verdict, Verdict> Rows => new()
    {
        { AttemptOutcome.Succeeded, Verdict.Deliver, Verdict.Deliver },
        { AttemptOutcome.Gone, Verdict.FailAndDisable, Verdict.FailAndDisable },
        { AttemptOutcome.Throttled, Verdict.Retry, Verdict.Retry },
        { AttemptOutcome.Rejected, Verdict.Fail, Verdict.Retry },
        { AttemptOutcome.Redirected, Verdict.Fail, Verdict.Retry },
        { AttemptOutcome.ServerError, Verdict.Retry, Verdict.Retry },
        { AttemptOutcome.TimedOut, Verdict.Retry, Verdict.Retry },
        { AttemptOutcome.DnsFailed, Verdict.Retry, Verdict.Retry },
        { AttemptOutcome.ConnectionFailed, Verdict.Retry, Verdict.Retry },
        { AttemptOutcome.TlsFailed, Verdict.Retry, Verdict.Retry },
        { AttemptOutcome.CertificateInvalid, Verdict.Fail, Verdict.Retry },
        { AttemptOutcome.AddressRefused, Verdict.Fail, Verdict.Fail },
        { AttemptOutcome.ResponseInvalid, Verdict.Retry, Verdict.Retry },
        { AttemptOutcome.RenderFailed, Verdict.Fail, Verdict.Fail },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void Every_row_of_the_contract_holds(AttemptOutcome outcome, Verdict onServerErrors, Verdict onAnyFailure)
    {
        Assert.Equal(onServerErrors, OutcomeTable.Judge(outcome, RetryOn.ServerErrors));
        Assert.Equal(onAnyFailure, OutcomeTable.Judge(outcome, RetryOn.AnyFailure));
    }

    [Fact]
    public void No_outcome_lacks_a_row() =>
        Assert.Equal(Enum.GetValues<AttemptOutcome>(), Rows.Select(row => row.Data.Item1));

    [Theory]
    [InlineData(200, AttemptOutcome.Succeeded)]
    [InlineData(204, AttemptOutcome.Succeeded)]
    [InlineData(299, AttemptOutcome.Succeeded)]
    [InlineData(300, AttemptOutcome.Redirected)]
    [InlineData(304, AttemptOutcome.Redirected)]
    [InlineData(308, AttemptOutcome.Redirected)]
    [InlineData(400, AttemptOutcome.Rejected)]
    [InlineData(404, AttemptOutcome.Rejected)]
    [InlineData(408, AttemptOutcome.Rejected)]
    [InlineData(410, AttemptOutcome.Gone)]
    [InlineData(425, AttemptOutcome.Rejected)]
    [InlineData(429, AttemptOutcome.Throttled)]
    [InlineData(499, AttemptOutcome.Rejected)]
    [InlineData(500, AttemptOutcome.ServerError)]
    [InlineData(503, AttemptOutcome.ServerError)]
    [InlineData(599, AttemptOutcome.ServerError)]
    [InlineData(101, AttemptOutcome.ResponseInvalid)]
    [InlineData(600, AttemptOutcome.ResponseInvalid)]
    [InlineData(999, AttemptOutcome.ResponseInvalid)]
    [InlineData(0, AttemptOutcome.ResponseInvalid)]
    public void A_status_code_is_one_outcome(int statusCode, AttemptOutcome outcome) =>
        Assert.Equal(outcome, OutcomeTable.OfStatus(statusCode));

    [Fact]
    public void Wire_names_are_the_enum_s_in_snake_case()
    {
        foreach (var outcome in Enum.GetValues<AttemptOutcome>())
        {
            var snakeCase = System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(outcome.ToString());

            Assert.Equal(snakeCase, outcome.ToWireName());
        }
    }
}
