using Webhooks.Api.OpenApi;
using Webhooks.Management.Accounting;
using Webhooks.Sending;

namespace Webhooks.Management.Stats;

/// <summary>How /v1/stats is described.</summary>
internal static class StatsDocs
{
    private static readonly IReadOnlyList<(string, Schema)> Figures =
    [
        ("attempts", Schema.Whole("Attempts that were recorded in this time.", 128, 0)),
        ("deliveries", Schema.Answer(
            "Deliveries that ended in this time, by how; canceled ones are not among them.",
            ("delivered", Schema.Whole("Delivered.", 120, 0)),
            ("failed", Schema.Whole("Ended by an answer that is not tried again.", 2, 0)),
            ("exhausted", Schema.Whole("Their attempts are used up.", 1, 0)))),
        ("latency_seconds", Schema.Answer(
            "From the acceptance of the event to the answer that delivered it, in seconds, off by at most 9.1 %; null when nothing was delivered.",
            ("p50", Seconds("Half of the deliveries were not slower.", 0.016)),
            ("p95", Seconds("95 % were not slower.", 0.038)),
            ("p99", Seconds("99 % were not slower.", 5.29)))),
        ("retry", Schema.Answer(
            "Deliveries that ended in this time after more than one attempt.",
            ("retried", Schema.Whole("How many there were.", 4, 0)),
            ("delivered", Schema.Whole("Those of them that were delivered.", 3, 0)),
            ("success_rate", Schema.Number("Their share; null when none was retried.", 0.75, 0, 1).OrNull()))),
        ("outcomes", Schema.Answer(
            "Attempts by their outcome.",
            [.. Enum.GetValues<AttemptOutcome>().Select(outcome => outcome.ToWireName()).Select(name => (name, Schema.Whole($"Attempts that ended as `{name}`.", Example(name), 0)))])),
    ];

    private static readonly Schema Point = Schema.Answer(
        "What happened in an interval.",
        [("at", Schema.Time("Its beginning; it lasts as long as `resolution` says.", "2024-01-20T10:00:00Z")), .. Figures]).Named("StatsPoint");

    private static readonly Schema OfSubscription = Schema.Answer(
        "What happened to a subscription's deliveries.", [("subscription_id", Words.SubscriptionId), .. Figures]).Named("SubscriptionStats");

    private static readonly Schema Length = Schema.OneOf("How long the intervals of the series are; they begin at whole ones, in UTC.", "hour", ["minute", "hour", "day"]);

    private static readonly Schema Stats = Schema.Answer(
        "What happened: all together, by interval, and by subscription.",
        [
            ("since", Schema.Time("The beginning, inclusive: of the minute that was asked for.", "2024-01-20T10:00:00Z")),
            ("until", Schema.Time("The end, exclusive: of the minute that was asked for.", "2024-01-20T11:00:00Z")),
            ("resolution", Length.OrNull().Saying("As it was asked for; null: no series was.")),
            .. Figures,
            ("series", Schema.List("Every interval, also those in which nothing happened, oldest first; null when no resolution was asked for.", Point).OrNull()),
            ("subscriptions", Words.PageOf(OfSubscription).Saying("A page of subscriptions, newest first, also of those for which nothing happened. Deleted ones are in the figures above only.")),
        ]).Named("Stats");

    public static Operation Get() => new(
        AccountingDocs.Tag,
        "getStats",
        "Read what happened",
        "Counts attempts and ended deliveries, and measures how long they took. Attempts count in the minute in which they were recorded, deliveries in that in which they ended.")
    {
        Parameters =
        [
            Parameter.Tenant,
            Parameter.Query("subscription_id", Words.SubscriptionId.Saying("Only this subscription's; also of a deleted one.")),
            Parameter.Query("since", Schema.Time("From this minute on, as ISO 8601 with an offset; a day before `until` when absent, and at most 31 days.", "2024-01-20T00:00:00Z")),
            Parameter.Query("until", Schema.Time("Until this minute, as ISO 8601 with an offset; now when absent.", "2024-01-21T00:00:00Z")),
            Parameter.Query("resolution", Length.Saying($"Adds a series of such intervals, at most {Resolution.MostPoints}.")),
            .. Parameter.Page,
        ],
        Answers = [Answer.Ok<StatsResponse>("What happened.", Stats)],
        OtherProblems = [ProblemKind.NotFound],
    };

    private static Schema Seconds(string description, double example) => Schema.Number(description, example, 0).OrNull();

    private static long Example(string outcome) => outcome switch
    {
        "succeeded" => 120,
        "server_error" => 6,
        "rejected" => 2,
        _ => 0,
    };
}
