using System.Text.Json.Nodes;
using Webhooks.Api.OpenApi;
using Webhooks.Api.Pages;
using Webhooks.Management.Deliveries;
using Webhooks.Management.Events;

namespace Webhooks.Management.DryRuns;

/// <summary>How /v1/dry-run is described.</summary>
internal static class DryRunDocs
{
    private static readonly Schema Match = Schema.Answer(
        "A subscription that would get the event, with the request of its first attempt.",
        ("subscription_id", Words.SubscriptionId),
        ("url", Schema.Text("Where it would be sent.", "https://receiver.example/hooks/exceptions")),
        ("headers", DeliveryDocs.Headers("The headers, the signature among them; null when the request cannot be made.", new JsonObject { ["Content-Type"] = "application/json", ["X-Matcher-Timestamp"] = "1705746600" }).OrNull()),
        ("body", Schema.Text("The body, byte for byte; null when the request cannot be made.", """{"id":"evt_exc_001","type":"exception.created","data":{}}""").OrNull()),
        ("error", Schema.Text("Why the request cannot be made: the delivery would fail with it. Null: it can.", null).OrNull())).Named("DryRunMatch");

    private static readonly Schema NonMatch = Schema.Answer(
        "A subscription that would not get the event.",
        ("subscription_id", Words.SubscriptionId),
        ("reason", Schema.Text(
            "A code that never changes, a colon, and a sentence for people. The code is the subscription's state when that keeps it, else `type` or `filter`; of a filter the first condition that does not hold is named.",
            "filter: Its filter does not hold: /data/severity is not {\"eq\":\"HIGH\"}."))).Named("DryRunNonMatch");

    public static Operation Run() => new(
        EventDocs.Tag,
        "dryRun",
        "Try an event",
        """
        Shows which subscriptions of the tenant would get an event, with the exact bytes and headers of the first attempt, and why the others would not. Nothing is published, stored or sent. Attempts are supposed to start at the event's own `timestamp`, so that the same event shows the same signatures each time; an event without one has that of now. Secrets count as they are now; credentials among the headers are hidden, and a `traceparent` is not shown.
        """)
    {
        Parameters = [Parameter.Query(QueryReader.CursorName, Schema.Text("Where to go on: the `next_cursor` of the answer before.", "eAic8pBWQAABmMDc4ZMHt-ih0_bCtaTpA"))],
        Body = EventDocs.Published,
        Answers =
        [
            Answer.Ok<DryRunResponse>("Who would get it and who would not.", Schema.Answer(
                "What an event would come to.",
                ("matched", Schema.List("Who would get it, newest subscription first.", Match)),
                ("unmatched", Schema.List("Who would not, newest subscription first.", NonMatch)),
                ("timestamp", Schema.Time("When the attempts are supposed to start.", "2024-01-20T10:30:00Z")),
                ("next_cursor", Schema.Text("When the tenant has more subscriptions than one answer holds (a thousand, or 8 MiB of bodies): pass it as `cursor` with the same event to see the others. Else null.", null).OrNull()))),
        ],
    };
}
