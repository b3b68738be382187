using System.Text.Json.Nodes;
using Webhooks.Api.OpenApi;
using Webhooks.Contracts;
using Webhooks.Management.Deliveries;

namespace Webhooks.Management.Callbacks;

/// <summary>How /v1/callbacks is described.</summary>
internal static class CallbackDocs
{
    private static readonly Tag Tag = new(
        "Callbacks", "A callback is what an external system calls back about an exception. It becomes a command for the domain service, whose result it carries.");

    private static readonly Schema Id = Words.Id(PrefixedId.Callback, "0198c0f1a4c27f0d9b3e5a7c1d2f4b68", "The callback's id.");

    private static readonly Schema Status = Schema.OneOf(
        "How it stands: `reserved`, its command is being published; `accepted`, the broker has the command; `applied`, the domain service has carried it out; `failed`, it has not, or the command never reached the broker: the same idempotency key may be sent again.",
        "applied",
        CallbackFilter.Statuses);

    private static readonly Schema ExceptionId = Schema.Text("The exception that it is about.", "exc_001", 1);

    private static readonly JsonObject CommandExample = (JsonObject)JsonNode.Parse(
        """
        {"command_id":"5b1f0a36-6f0c-8d3a-9f6e-1c2d3e4f5a6b","tenant_id":"tenant_001","exception_id":"exc_001","external_system":"JIRA","external_issue_id":"RECON-1234",
        "status":"RESOLVED","resolution_notes":null,"assignee":null,"due_at":null,"updated_at":"2024-01-20T10:30:00Z","callback_type":"status_update","payload":null,
        "superseded":false,"idempotency_key":"callback-jira-1234","received_at":"2024-01-20T10:30:00.123Z"}
        """)!;

    private static readonly IReadOnlyList<(string, Schema)> Members =
    [
        ("id", Id),
        ("tenant_id", Words.TenantId),
        ("exception_id", ExceptionId),
        ("external_system", Schema.Text("Who called, in upper case.", "JIRA")),
        ("source_id", Words.Id(PrefixedId.Source, "0198c0f7d3a17e5c8b2d4f6a90c1e3b5", "The source whose webhook it was; null: somebody called the callback API.").OrNull()),
        ("idempotency_key", Schema.Text("The key that the caller gave it.", "callback-jira-1234")),
        ("status", Status),
        ("reason", Schema.Text("Why it failed, or what the domain service said; null: nothing was said.", null).OrNull()),
        ("superseded", Schema.Flag("True: a later change of the same ticket was accepted before.", false)),
        ("command_id", Schema.Text("The id of its command: a function of tenant, system, exception and key; of a source's webhook, of source and key.", "5b1f0a36-6f0c-8d3a-9f6e-1c2d3e4f5a6b", format: "uuid")),
        ("created_at", Words.CreatedAt.Saying("When it first came.")),
        ("accepted_at", Schema.Time("When the broker confirmed the command; null: it has not.", "2024-01-20T10:30:00.131Z").OrNull()),
        ("answered_at", Schema.Time("When the domain service said what the status tells: repeats, and whatever comes after `applied`, change nothing. Null: it has not.", "2024-01-20T10:30:00.412Z").OrNull()),
    ];

    private static readonly Schema Callback = Schema.Answer("A callback.", Members).Named("Callback");

    private static readonly Schema LinkedDelivery = Schema.Answer(
        "A delivery that told of the exception before it was called back.",
        ("id", Words.DeliveryId),
        ("event_id", Words.EventId),
        ("event_type", Words.EventType),
        ("subscription_id", Words.SubscriptionId),
        ("status", DeliveryDocs.Status),
        ("correlation_id", Schema.Text("What the event's metadata has as `correlation_id`; null: nothing.", "req_xyz789").OrNull()),
        ("created_at", Words.CreatedAt.Saying("When its event was accepted."))).Named("LinkedDelivery");

    private static readonly Schema Detail = Schema.Answer(
        "A callback with its command and the deliveries that it answers.",
        [
            .. Members,
            ("command", Schema.AnyObject("The command, as it is published.", CommandExample)),
            ("repeats", Schema.Whole("How often the command was published again because nobody had answered it.", 0, 0)),
            ("trace_id", Schema.Text("The trace of the call, which the command continues; null: there was none.", "0af7651916cd43dd8448eb211c80319c", pattern: "^[0-9a-f]{32}$").OrNull()),
            ("deliveries", Schema.List("The deliveries that it answers, newest first.", LinkedDelivery, most: CallbackLinks.Most)),
        ]).Named("CallbackDetail");

    public static Operation List() => new(
        Tag,
        "listCallbacks",
        "List the callbacks",
        $"Lists callbacks as long as their keys are remembered. A page looks at {CallbackStore.LargestScan} of them at most: with `status` it may have few items, or none, and still lead on.")
    {
        Parameters =
        [
            Parameter.Tenant,
            Parameter.Query("exception_id", ExceptionId.Saying("Only those about this exception.")),
            Parameter.Query("status", Status.Saying("Only those that stand so.")),
            .. Parameter.Page,
        ],
        Answers = [Answer.Ok<Api.Pages.Page<CallbackResponse>>("A page of callbacks.", Words.PageOf(Callback))],
    };

    public static Operation Get() => new(
        Tag,
        "getCallback",
        "Read a callback",
        $"Reads a callback with its whole story: the command that it became, what the domain service said, and which deliveries it answers. Those are the tenant's deliveries before it of events named `exception.…` whose `data` has the same `exception_id` and, when the callback's payload has a `correlation_id`, whose metadata has the same; they are looked for among the latest {CallbackLinks.LargestScan}.")
    {
        Parameters = [Parameter.Path("id", Id)],
        Answers = [Answer.Ok<CallbackDetailResponse>("The callback.", Detail)],
    };
}
