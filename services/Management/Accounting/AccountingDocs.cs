using Webhooks.Api.OpenApi;

namespace Webhooks.Management.Accounting;

/// <summary>How /v1/accounting is described.</summary>
internal static class AccountingDocs
{
    public static Tag Tag { get; } = new("Figures", "What was counted: the accounts of all time, and what happened lately.");

    private static readonly Schema Accounts = Schema.Answer(
        "The accounts: `matched` is always `delivered` + `failed` + `exhausted` + `canceled` + `pending`.",
        ("accepted", Schema.Whole("Events that were accepted; a repeated one counts once.", 1_200, 0)),
        ("matched", Schema.Whole("Deliveries that were made of them, replays included.", 3_000, 0)),
        ("delivered", Schema.Whole("Those that were delivered.", 2_950, 0)),
        ("failed", Schema.Whole("Those that ended by an answer that is not tried again.", 20, 0)),
        ("exhausted", Schema.Whole("Those whose attempts are used up.", 10, 0)),
        ("canceled", Schema.Whole("Those that were canceled.", 5, 0)),
        ("pending", Schema.Whole("Those that have not ended.", 15, 0)),
        ("parked", Schema.Whole("Messages that could not be processed and were put aside. Those that name no readable tenant are counted only for all tenants together.", 0, 0))).Named("Accounts");

    public static Operation Get() => new(
        Tag,
        "getAccounting",
        "Read the accounts",
        "Counts everything that was ever accepted and what became of it. It is exact at every moment, and does not shrink when old deliveries are deleted. Test sends are not counted.")
    {
        Parameters = [Parameter.Tenant],
        Answers = [Answer.Ok<AccountingResponse>("The accounts.", Accounts)],
    };
}
