using System.Text.Json.Nodes;
using Webhooks.Api.Access;
using Webhooks.Api.OpenApi;
using Webhooks.Management.Deliveries;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Management.Events;

/// <summary>How /v1/events is described.</summary>
internal static class EventDocs
{
    public static Tag Tag { get; } = new("Events", "An event is something that happened in one of your services. It never changes.");

    private static readonly Schema Timestamp = Schema.Text("When it happened: ISO 8601 with an offset, sent on as it is spelled.", "2024-01-20T10:30:00Z");

    private static readonly Schema Version = Schema.Text("The version of the shape of `data`.", "1.0");

    private static readonly Schema ContextId = Schema.Text("What it belongs to, in the publisher's words.", "ctx_abc123");

    private static readonly Schema Data = Schema.AnyObject(
        $"What happened. Numbers keep their spelling. At most {EventRules.MaxDepth} levels of objects and arrays, its own included.",
        (JsonObject)JsonNode.Parse("""{"exception_id":"exc_001","severity":"HIGH","transaction":{"id":"txn_bank_999","amount":15000.0,"currency":"USD"}}""")!);

    private static readonly Schema Metadata = Schema.AnyObject(
        $"Anything else that receivers may want to know. At most {EventRules.MaxDepth} levels, as `data`.", new JsonObject { ["correlation_id"] = "req_xyz789", ["source"] = "matching_engine" });

    /// <summary>An event as it is published; members that are not named here are ignored.</summary>
    public static Schema Published { get; } = Schema.Object(
        $"An event, at most {EventReader.DefaultMaxBytes / 1024} KiB as it is sent unless the operator allows more. Members that are not named here are ignored.",
        ["id", "type", "data"],
        ("id", Words.EventId.Saying("Its id, unique within the tenant. An event that comes again with the same id is accepted and not fanned out again.")),
        ("type", Words.EventType.Saying("Its type: words of `a-z0-9_` with dots between them. Types below `webhook.` are the system's own.")),
        ("timestamp", Timestamp.OrNull().Saying("When it happened: ISO 8601 with an offset, sent on as it is spelled. Left out: the time of acceptance.")),
        ("version", Version.OrNull().Default("1.0")),
        (Caller.TenantMember, Words.TenantId.OrNull().Saying("The tenant whose event it is. A tenant's token implies its own; an administrator's must name one.")),
        ("context_id", ContextId.OrNull()),
        ("data", Data),
        ("metadata", Metadata.OrNull())).Named("Event");

    private static readonly Schema DeliverySummary = Schema.Answer("A delivery in short.", ("id", Words.DeliveryId), ("status", DeliveryDocs.Status)).Named("DeliverySummary");

    private static readonly IReadOnlyList<(string, Schema)> Members =
    [
        ("id", Words.EventId),
        ("type", Words.EventType),
        ("timestamp", Timestamp),
        ("version", Version),
        (Caller.TenantMember, Words.TenantId),
        ("context_id", ContextId.OrNull()),
        ("data", Data),
        ("metadata", Metadata.OrNull()),
        ("created_at", Words.CreatedAt.Saying("When it was accepted.")),
    ];

    public static Operation List() => new(
        Tag,
        "listEvents",
        "List the events",
        $"Lists events as they came in, without their deliveries. `type` is looked for within a second: such a page may have few items, or none, and still lead on; so may one that has reached {EventList.LargestPage / 1024 / 1024} MiB.")
    {
        Parameters =
        [
            Parameter.Tenant,
            Parameter.Query("type", Schema.Text("Only those of this type.", "exception.created", 1)),
            Parameter.Query("correlation_id", Schema.Text("Only those whose `metadata.correlation_id` is this.", "req_xyz789", 1)),
            .. Parameter.Period,
            .. Parameter.Page,
        ],
        Answers = [Answer.Ok<Api.Pages.Page<EventResponse>>("A page of events.", Words.PageOf(Schema.Answer("An event as it was accepted.", Members).Named("AcceptedEvent")))],
    };

    public static Operation Publish() => new(
        Tag,
        "publishEvent",
        "Publish an event",
        "Hands an event to RabbitMQ, as publishing it to the exchange `webhooks.events` would, and answers when RabbitMQ has confirmed it. It is fanned out to all subscriptions that want it a moment later.")
    {
        Body = Published,
        Answers =
        [
            Answer.Accepted<AcceptedResponse>(
                "RabbitMQ has it. A repeated id gets the same answer, and is not fanned out again.",
                Schema.Answer("The event that was taken.", ("id", Words.EventId), ("status", Schema.OneOf("Always `accepted`.", "accepted", ["accepted"])))),
        ],
    };

    public static Operation Get() => new(
        Tag, "getEvent", "Read an event", "Reads an event and what became of it. For a moment after it was published there is nothing to read yet.")
    {
        Parameters =
        [
            Parameter.Path("id", Words.EventId),
            Parameter.Query(Caller.TenantMember, Schema.Text("The tenant whose event it is. Only an administrator needs it, when several tenants use the same id; without it the newest is read.", (string?)Words.TenantId.Example)),
        ],
        Answers =
        [
            Answer.Ok<EventDetailResponse>("The event.", Schema.Answer(
                "An event with its deliveries.",
                [.. Members, ("deliveries", Schema.List("One for each subscription that wanted it, and every replay, in the order they were made.", DeliverySummary))]).Named("EventDetail")),
        ],
    };
}
