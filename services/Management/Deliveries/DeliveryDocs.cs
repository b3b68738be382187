using System.Text.Json.Nodes;
using Webhooks.Api.OpenApi;
using Webhooks.Database.Deliveries;
using Webhooks.Management.OpenApi;
using Webhooks.Sending;
using Webhooks.Subscriptions.Profiles;

namespace Webhooks.Management.Deliveries;

/// <summary>How /v1/deliveries is described.</summary>
internal static class DeliveryDocs
{
    private static readonly Tag Tag = new("Deliveries", "A delivery is one event for one subscription, with every attempt to hand it over.");

    public static Schema Status { get; } = Schema.OneOf(
        "How it stands: `pending`; `delivered`; `failed`, by an answer that is not tried again; `exhausted`, the attempts are used up; `canceled`.", "delivered", DeliveryStatus.All);

    /// <summary>Headers by their name.</summary>
    public static Schema Headers(string description, JsonObject example) =>
        Schema.Map(description, example, Schema.Text("The header's value; several are joined by a comma.", null));

    /// <summary>A request that was sent.</summary>
    public static Schema Request { get; } = Schema.Answer(
        "What was sent.",
        ("url", Schema.Text("Where to.", "https://receiver.example/hooks/exceptions")),
        ("headers", Headers("The headers, the signature among them; secrets never are.", SentExample.Headers(BuiltInProfiles.Matcher))),
        ("body", Schema.Text("The body, byte for byte; null when it cannot be told any more.", SentExample.Body(BuiltInProfiles.Matcher)).OrNull())).Named("SentRequest");

    public static Schema Outcome { get; } = Schema.OneOf(
        "How the attempt ended.", AttemptOutcome.Succeeded.ToWireName(), Enum.GetValues<AttemptOutcome>().Select(outcome => outcome.ToWireName()));

    private static readonly Schema Attempt = Schema.Answer(
        "One try to hand a delivery over: what was sent, what came back, what follows.",
        ("number", Schema.Whole("Counts from 1.", 1, 1)),
        ("started_at", Schema.Time("When it started.", "2024-01-20T10:30:00.161Z")),
        ("duration_ms", Schema.Whole("How long it took, in milliseconds.", 84, 0)),
        ("outcome", Outcome),
        ("status_code", Schema.Whole("The status of the answer; null when none came.", 200, 100, 599).OrNull()),
        ("error", Schema.Text("What went wrong, in a sentence; null when nothing did.", null).OrNull()),
        ("request", Request),
        ("response_headers", Headers("The answer's headers; null when none came.", new JsonObject { ["Content-Type"] = "text/plain" }).OrNull()),
        ("response_body", Schema.Text("The start of the answer's body, at most 16 KiB; null when there was none.", "ok").OrNull()),
        ("next_attempt_at", Schema.Time("When the next attempt is due; null: there is none.", null).OrNull()),
        ("trace_id", Schema.Text("The trace that the attempt belongs to.", "4bf92f3577b34da6a3ce929d0e0e4736", pattern: "^[0-9a-f]{32}$").OrNull())).Named("Attempt");

    private static readonly IReadOnlyList<(string, Schema)> Members =
    [
        ("id", Words.DeliveryId),
        ("tenant_id", Words.TenantId),
        ("event_id", Words.EventId),
        ("event_type", Words.EventType),
        ("subscription_id", Words.SubscriptionId),
        ("status", Status),
        ("replay_of", Words.DeliveryId.OrNull().Saying("The delivery that this one repeats; null: it is no replay.").Showing(null)),
        ("created_at", Words.CreatedAt.Saying("When it was made: when its event was accepted or, of a replay, when it was replayed.")),
        ("next_attempt_at", Schema.Time("When the next attempt is due; null: none is planned.", null).OrNull()),
    ];

    public static Schema Delivery { get; } = Schema.Answer("A delivery.", Members).Named("Delivery");

    public static Schema Detail { get; } = Schema.Answer("A delivery with all its attempts.", [.. Members, ("attempts", Schema.List("All attempts, in their order.", Attempt))]).Named("DeliveryDetail");

    /// <summary>Which deliveries a list is about.</summary>
    public static IReadOnlyList<Parameter> Filters { get; } =
    [
        Parameter.Tenant,
        Parameter.Query("subscription_id", Words.SubscriptionId.Saying("Only this subscription's.")),
        Parameter.Query("event_id", Schema.Text("Only this event's.", "evt_exc_001", 1)),
        Parameter.Query("type", Schema.Text("Only those of events of this type.", "exception.created", 1)),
        Parameter.Query("status", Status.Saying("Only those that stand so.")),
        .. Parameter.Period,
    ];

    public static Operation List() => new(
        Tag,
        "listDeliveries",
        "List the deliveries",
        "Lists deliveries, without their attempts. `type` and `status` are looked for within a second: such a page may have few items, or none, and still lead on.")
    {
        Parameters = [.. Filters, .. Parameter.Page],
        Answers = [Answer.Ok<Api.Pages.Page<DeliveryResponse>>("A page of deliveries.", Words.PageOf(Delivery))],
    };

    public static Operation Get() => new(Tag, "getDelivery", "Read a delivery", "Reads a delivery with every attempt: exactly what was sent, and what came back.")
    {
        Parameters = [Parameter.Path("id", Words.DeliveryId)],
        Answers = [Answer.Ok<DeliveryDetailResponse>("The delivery.", Detail)],
    };
}
