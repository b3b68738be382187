using Webhooks.Api.Access;
using Webhooks.Api.OpenApi;
using Webhooks.Database.Deliveries;
using Webhooks.Database.Replays;
using Webhooks.Management.Deliveries;

namespace Webhooks.Management.Replays;

/// <summary>How replaying is described.</summary>
internal static class ReplayDocs
{
    private static readonly Tag Tag = new(
        "Replays", "A replay is a new delivery of an old event: with the same event id and data, in the shape that the subscription has now, and with all of its attempts again.");

    private static readonly Schema Since = Schema.Time("Only deliveries that were created at this time or later, as ISO 8601 with an offset.", "2024-01-20T00:00:00Z");

    private static readonly Schema Until = Schema.Time(
        "Only deliveries that were created before this time, as ISO 8601 with an offset. Left out, or in the future: before the moment of the request.", "2024-01-21T00:00:00Z");

    private static readonly Schema Rate = Schema.Number(
        "How many deliveries are begun in a second, at most; null: as many as are sent.", 50, ReplayRequest.SlowestRate, ReplayRequest.FastestRate);

    private static readonly Schema Ended = Schema.OneOf("Only those that ended so; null: however they ended. What is pending is left out.", "exhausted", DeliveryStatus.Ended);

    private static readonly Schema Matched = Schema.Whole("How many deliveries are to be replayed, as far as is counted; exact when it is done.", 1200, 0);

    private static readonly Schema Done = Schema.Whole("How many are made.", 0, 0);

    private static readonly Schema Status = Schema.OneOf(
        "`pending`: not begun; `running`; `done`: all are made; `canceled`; `failed`: ended early, `error` says why.", "pending", ["pending", "running", "done", "canceled", "failed"]);

    private static readonly Schema Started = Schema.Answer(
        "A replay that was taken on.", ("id", Words.ReplayId), ("status", Status), ("matched", Matched), ("done", Done)).Named("ReplayStarted");

    private static readonly Schema DryRun = Schema.Answer(
        "What a replay would do.",
        ("id", Words.ReplayId.OrNull().Saying("Null: there is none.").Showing(null)),
        ("status", Schema.OneOf("Always `dry_run`.", "dry_run", ["dry_run"])),
        ("matched", Matched.Saying("How many deliveries would be replayed.")),
        ("done", Schema.Whole("Always 0.", 0, 0)),
        ("complete", Schema.Flag("False: they were too many to count at once, and there may be more.", true)));

    private static readonly Schema Replay = Schema.Answer(
        "A replay and how far it has come.",
        ("id", Words.ReplayId),
        (Caller.TenantMember, Words.TenantId.OrNull().Saying("Whose deliveries; null: all tenants'.")),
        ("kind", Schema.OneOf("`replay`, or `recovery` of what a subscription missed.", "replay", ["replay", "recovery"])),
        ("status", Status.Showing("running")),
        ("matched", Matched),
        ("done", Done.Showing(450)),
        ("filter", Schema.Answer(
            "Which deliveries.",
            ("subscription_id", Words.SubscriptionId.OrNull()),
            ("event_id", Words.EventId.OrNull().Showing(null)),
            ("type", Words.EventType.OrNull().Showing(null)),
            ("status", Ended.OrNull()),
            ("since", Since.OrNull()),
            ("until", Until.OrNull().Saying("At the latest the moment it was asked for.")))),
        ("rate_per_second", Rate.OrNull()),
        ("error", Schema.Text("Why it ended early, in a sentence; null: it did not.", null).OrNull()),
        ("created_at", Words.CreatedAt),
        ("updated_at", Schema.Time("When it last moved on.", "2024-01-20T10:30:09.041Z")),
        ("finished_at", Schema.Time("When it ended; null: it has not.", null).OrNull())).Named("Replay");

    private static readonly string Location = $"/v1/replays/{Words.ReplayId.Example}";

    public static Operation One() => new(
        Tag,
        "replayDelivery",
        "Replay a delivery",
        "Makes a new delivery of a delivery that has ended, however it ended. It goes out at once. What is pending is on its way and is refused, and so is what would be canceled at once because the subscription is disabled or deleted.")
    {
        Parameters = [Parameter.Path("id", Words.DeliveryId)],
        Answers =
        [
            Answer.Accepted<DeliveryDetailResponse>(
                "The new delivery.",
                DeliveryDocs.Detail.Showing("status", "pending").Showing("replay_of", Words.DeliveryId.Example?.DeepClone()),
                $"/v1/deliveries/{Words.DeliveryId.Example}"),
        ],
        OtherProblems = [ProblemKind.Conflict],
    };

    public static Operation Recover() => new(
        Tag,
        "recoverSubscription",
        "Recover what a subscription missed",
        """
        Replays the deliveries of a subscription that were created in a span of time and have ended as `failed`, `exhausted` or `canceled`. Left out is what a later delivery of the same event to the subscription has delivered, or will deliver: one that is `delivered` or `pending`; so it can be asked for again without harm. Of several deliveries of one event in the span the newest is replayed. What is not kept any more cannot be.
        """)
    {
        Parameters = [Parameter.Path("id", Words.SubscriptionId)],
        Body = Schema.Request("The span of time.", ["since"], ("since", Since), ("until", Until)),
        Answers = [Answer.Accepted<ReplayStartedResponse>("It is taken on.", Started, Location)],
        OtherProblems = [ProblemKind.Conflict],
    };

    public static Operation Many() => new(
        Tag,
        "replayDeliveries",
        "Replay many deliveries",
        """
        Replays the deliveries that a list with the same filter shows and that have ended, the oldest first; of several deliveries of one event to a subscription that match, the newest. Left out is what is pending when its turn comes, what belongs to a subscription that is disabled or deleted, and what is not kept any more. With `dry_run` they are only counted.
        """)
    {
        Body = Schema.Request(
            "Which deliveries, and how fast.",
            ["filter"],
            (Caller.TenantMember, Words.TenantId.Saying("The tenant whose deliveries; a tenant's token implies its own. An administrator's token may leave it out, and so mean all tenants.")),
            ("filter", Schema.Request(
                "Which deliveries. It must name at least one member beside the tenant: a slip must not replay everything there ever was.",
                [],
                (Caller.TenantMember, Words.TenantId.Saying("The same as beside the filter.")),
                ("subscription_id", Words.SubscriptionId.Saying("Only this subscription's.")),
                ("event_id", Words.EventId.Saying("Only this event's.")),
                ("type", Words.EventType.Saying("Only those of events of this type.")),
                ("status", Ended),
                ("since", Since),
                ("until", Until)).ShowingOnly("subscription_id", "status", "since")),
            ("rate_per_second", Rate),
            ("dry_run", Schema.Flag("Only count them; nothing is made.", false).Default(false))).ShowingOnly("filter", "rate_per_second"),
        Answers =
        [
            Answer.Ok<DryRunResponse>("Of a dry run.", DryRun),
            Answer.Accepted<ReplayStartedResponse>("It is taken on.", Started, Location),
        ],
        OtherProblems = [ProblemKind.Conflict, ProblemKind.NotFound],
    };

    public static Operation List() => new(Tag, "listReplays", "List the replays", "Lists replays and recoveries, finished ones included. The replay of a single delivery is not one of them.")
    {
        Parameters = [Parameter.Tenant, .. Parameter.Page],
        Answers = [Answer.Ok<Api.Pages.Page<ReplayResponse>>("A page of replays.", Words.PageOf(Replay))],
    };

    public static Operation Get() => new(Tag, "getReplay", "Read a replay", "Reads a replay and how far it has come.")
    {
        Parameters = [Parameter.Path("id", Words.ReplayId)],
        Answers = [Answer.Ok<ReplayResponse>("The replay.", Replay)],
    };

    public static Operation Cancel() => new(
        Tag,
        "cancelReplay",
        "Cancel a replay",
        "Ends a replay: once this is answered no more deliveries are made. Those that were made before, at most a second's, are sent. One that has ended already stays as it is.")
    {
        Parameters = [Parameter.Path("id", Words.ReplayId)],
        Answers = [Answer.Empty("Nothing more is made.")],
    };
}
