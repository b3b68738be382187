using Webhooks.Api.Access;
using Webhooks.Api.OpenApi;
using Webhooks.Management.Secrets;
using Webhooks.Management.Subscriptions.Limits;
using Webhooks.Sending;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Retries;

namespace Webhooks.Management.Subscriptions;

/// <summary>How /v1/subscriptions is described.</summary>
internal static class SubscriptionDocs
{
    public static Tag Tag { get; } = new("Subscriptions", "A subscription is a tenant's wish: these event types, to this URL, in this dialect.");

    public static Schema Url { get; } = Schema.Text(
        "Where deliveries are sent: absolute and `https`, without user name, password or fragment. The address is judged at each send: one that the operator does not allow ends as `address_refused`. Several subscriptions may share one.",
        "https://receiver.example/hooks/exceptions",
        longest: UrlRules.MaxLength,
        format: "iri");

    private static readonly Schema EventTypes = Schema.List(
        "The types of the wanted events: an exact one, `a.*` for all below `a` at any depth, or `*` for all but the system's own (`webhook.…`), which must be named.",
        Schema.Text("A type, or a pattern of types.", "exception.*", 1, EventRules.MaxTypeLength + 2, @"^(\*|[a-z0-9_]+(\.[a-z0-9_]+)*(\.\*)?)$"),
        fewest: 1,
        most: SubscriptionMembers.MostEventTypes);

    public static Schema Profile { get; } = Schema.OneOf(
        "The dialect in which deliveries are sent: the shape of the body, the headers, the signature, the deadline and the rule for retries.",
        SubscriptionDraft.DefaultProfile.Name,
        BuiltInProfiles.All.Select(profile => profile.Name));

    private static readonly Schema Description = Schema.Text("What it is for, for people.", "Tells the case system about new exceptions.", longest: SubscriptionMembers.LongestDescription);

    private static readonly Schema State = Schema.OneOf(
        "`active`; `paused`: matching events still become deliveries, which wait until it is active again and are then started in the order of their acceptance, many at a time, so that they may arrive in another (see `max_in_flight` and `ordering`); `disabled`: no new deliveries, and the waiting ones are canceled.", "active", ["active", "paused", "disabled"]);

    private static readonly Schema RetryOn = Schema.OneOf(
        "Which failures are tried again: what a later attempt may mend by itself (`server_errors`), or everything that can ever succeed (`any_failure`). Null: the profile's rule.",
        "any_failure",
        ["server_errors", "any_failure"]);

    private static readonly Schema Timeout = Schema.Number(
        "The time for connecting, TLS, sending and the answer's headers together. Null: the profile's deadline.", 5, SubscriptionMembers.ShortestTimeout, SubscriptionMembers.LongestTimeout);

    private static readonly CustomRetry Defaults = new();

    private static readonly IReadOnlyList<(string, Schema)> RetryMembers =
    [
        ("max_attempts", Schema.Whole("All attempts, the first included.", 5, RetryLimits.FewestAttempts, RetryLimits.MostAttempts).Default(Defaults.MaxAttempts)),
        ("initial_delay_seconds", Schema.Number("The wait before the second attempt.", 10, RetryLimits.ShortestDelaySeconds, RetryLimits.LongestInitialDelaySeconds).Default(Defaults.InitialDelaySeconds)),
        ("max_delay_seconds", Schema.Number("No wait is longer than this, jitter aside.", 3600, RetryLimits.ShortestDelaySeconds, RetryLimits.LongestMaxDelaySeconds).Default(Defaults.MaxDelaySeconds)),
        ("backoff_multiplier", Schema.Number("How many times longer each wait is than the one before.", 2, RetryLimits.SmallestMultiplier, RetryLimits.LargestMultiplier).Default(Defaults.BackoffMultiplier)),
        ("jitter", Schema.Number("The largest part of a wait that chance adds to it; a wait is never shortened.", 0.1, RetryLimits.SmallestJitter, RetryLimits.LargestJitter).Default(Defaults.Jitter)),
    ];

    private const string RetrySentence = "When failed deliveries are tried again. Null: the default schedule, at once and after 5 s, 30 s, 2 min, 10 min and 1 h.";

    /// <summary>What a new subscription and a change may set.</summary>
    private static readonly IReadOnlyList<(string Name, Schema Schema)> Settable =
    [
        ("url", Url),
        ("event_types", EventTypes),
        ("profile", Profile.Default(SubscriptionDraft.DefaultProfile.Name)),
        ("description", Description),
        ("secret", SecretDocs.Given),
        ("state", State.Default("active")),
        ("channel", ShapeDocs.Channel),
        ("retry", Schema.Request(RetrySentence, [], RetryMembers).Named("RetryRequest")),
        ("retry_on", RetryOn),
        ("timeout_seconds", Timeout),
        ("rate_limit", LimitDocs.GivenRate),
        ("max_in_flight", LimitDocs.InFlight),
        ("ordering", LimitDocs.Ordering),
        ("ordering_key", LimitDocs.Key),
        ("filter", ShapingDocs.Filter),
        ("transform", ShapingDocs.Transform),
        ("headers", ShapeDocs.GivenHeaders),
        ("signature", ShapeDocs.GivenSignature),
        ("send_traceparent", ShapeDocs.SendTraceparent.Default(false)),
    ];

    public static Schema Subscription { get; } = Schema.Answer(
        "A subscription.",
        ("id", Words.SubscriptionId),
        ("tenant_id", Words.TenantId),
        ("url", Url),
        ("event_types", EventTypes),
        ("profile", Profile),
        ("description", Description.OrNull()),
        ("secret", Schema.Text("The signing secret: in full in the answers that create or rotate it, otherwise masked down to its last four characters.", "****************************KYo=")),
        ("state", State),
        ("channel", ShapeDocs.Channel.OrNull()),
        ("retry", Schema.Answer(RetrySentence, RetryMembers).Named("Retry").OrNull()),
        ("retry_on", RetryOn.OrNull()),
        ("timeout_seconds", Timeout.OrNull()),
        ("rate_limit", LimitDocs.Rate.OrNull()),
        ("max_in_flight", LimitDocs.InFlight.OrNull()),
        ("ordering", LimitDocs.Ordering.OrNull()),
        ("ordering_key", LimitDocs.Key.OrNull()),
        ("filter", ShapingDocs.Filter.OrNull()),
        ("transform", ShapingDocs.Transform.OrNull().Showing(null)),
        ("headers", ShapeDocs.Headers.OrNull()),
        ("signature", ShapeDocs.Signature.OrNull().Showing(null)),
        ("send_traceparent", ShapeDocs.SendTraceparent),
        ("revision", Schema.Whole("Counts the changes of its settings. A delivery keeps the body and headers of the revision with which its event was accepted.", 3, 1)),
        ("health", Schema.Answer(
            "How its receiver fares.",
            ("state", Schema.OneOf(
                "`failing`: several attempts in a row were no success. `throttled`: the receiver asked by `Retry-After` for a minute or more, and nothing is sent before. `open`: deliveries wait until the receiver answers again, which is tried from time to time. `recovering`: it does, and is sent a few at a time, then more. `disabled`: by the system. Otherwise `healthy`.",
                "healthy",
                HealthResponse.States)),
            ("reason", Schema.Text("Why it is not well, such as the last failure's outcome (`timed_out`), `gone` or `failing_5_days`; null while it is.", null).OrNull())).Named("Health")),
        ("created_at", Words.CreatedAt),
        ("updated_at", Schema.Time("When it was last changed.", "2024-01-20T11:02:41.5Z"))).Named("Subscription");

    public static Operation Create() => new(
        Tag,
        "createSubscription",
        "Create a subscription",
        "Creates a subscription. Every event that is accepted after the answer and has one of its types becomes a delivery. The answer shows the signing secret in full.")
    {
        Body = Schema.Request(
            "The subscription that is wanted.",
            ["url", "event_types"],
            [(Caller.TenantMember, Words.TenantId.Saying("The tenant whose subscription it is. A tenant's token implies its own; an administrator's must name one.")), .. Settable])
            .ShowingOnly(Caller.TenantMember, "url", "event_types", "profile", "description", "filter"),
        Answers = [Answer.Created<SubscriptionResponse>("It is created.", $"/v1/subscriptions/{Words.SubscriptionId.Example}", Subscription.Showing("secret", SecretDocs.Example)).Tagged()],
        OtherProblems = [ProblemKind.NotSupportedYet],
    };

    public static Operation List() => new(Tag, "listSubscriptions", "List the subscriptions", "Lists the subscriptions, their secrets masked.")
    {
        Parameters =
        [
            Parameter.Tenant,
            Parameter.Query("channel", ShapeDocs.Channel.Saying("Only those with exactly this label.")),
            .. Parameter.Page,
        ],
        Answers = [Answer.Ok<Api.Pages.Page<SubscriptionResponse>>("A page of subscriptions.", Words.PageOf(Subscription))],
    };

    public static Operation Get() => new(Tag, "getSubscription", "Read a subscription", "Reads a subscription, its secret masked.")
    {
        Parameters = [Parameter.Path("id", Words.SubscriptionId)],
        Answers = [Answer.Ok<SubscriptionResponse>("The subscription.", Subscription).Tagged()],
    };

    public static Operation Change() => new(
        Tag,
        "changeSubscription",
        "Change a subscription",
        "Changes what the body names and keeps the rest; null takes a setting back to its default; the state has none to go back to. The change holds everywhere within a second. Deliveries that wait keep the body and headers of the revision they began with; URL, secret, retry rule, limits and order count as they are now. Disabling cancels the waiting deliveries; pausing and going on cancel none.")
    {
        Parameters = [Parameter.Path("id", Words.SubscriptionId), Parameter.IfMatch],
        Body = Schema.Request(
            "What is to be changed: a merge patch (RFC 7396).",
            [],
            [(Caller.TenantMember, Words.TenantId.Saying("The tenant whose subscription it is; it cannot be given to another.")), .. Settable.Select(Patched)]).ShowingOnly("event_types", "timeout_seconds"),
        IsMergePatch = true,
        Answers = [Answer.Ok<SubscriptionResponse>("The subscription as it is now.", Subscription).Tagged()],
        OtherProblems = [ProblemKind.NotSupportedYet],
    };

    // A patch of these holds parts of them, and nulls.
    private static (string Name, Schema Schema) Patched((string Name, Schema Schema) member) => member.Name switch
    {
        "filter" => (member.Name, Schema.AnyObject(
            "A merge patch of the filter: pointers that are named here change, null takes one away, the others stay. Null instead of the object takes the whole filter away.", null).OrNull()),
        "transform" => (member.Name, Schema.AnyObject(
            "A merge patch of the transform. Naming another kind than the present one replaces it. Null instead of the object takes the transform away.", null).OrNull()),
        "rate_limit" => (member.Name, LimitDocs.PatchedRate),
        "state" => (member.Name, State.NeverNull()),
        _ => member,
    };

    public static Operation Delete() => new(
        Tag, "deleteSubscription", "Delete a subscription", "Deletes a subscription and cancels its waiting deliveries. Their history stays readable.")
    {
        Parameters = [Parameter.Path("id", Words.SubscriptionId), Parameter.IfMatch],
        Answers = [Answer.Empty("It is deleted.")],
    };
}
