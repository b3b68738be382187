using System.Text.Json.Nodes;
using Webhooks.Api.Access;
using Webhooks.Api.OpenApi;
using Webhooks.Management.Catalog;
using Webhooks.Management.Deliveries;
using Webhooks.Management.Secrets;
using Webhooks.Management.Subscriptions;

namespace Webhooks.Management.TestSends;

/// <summary>How test sends are described.</summary>
internal static class TestSendDocs
{
    private static readonly Schema EventType = Schema.OneOf(
        "The documented type whose example is sent, under an id and a timestamp of now.", EventCatalog.TestType, EventCatalog.All.Select(known => known.Type)).Default(EventCatalog.TestType);

    private static readonly Schema TestAnswer = Schema.Answer(
        "What the receiver answered; all null when no answer came.",
        ("status_code", Schema.Whole("The status.", 200, 100, 599).OrNull()),
        ("headers", DeliveryDocs.Headers("The headers.", new JsonObject { ["Content-Type"] = "text/plain" }).OrNull()),
        ("body", Schema.Text("The start of the body, at most 16 KiB.", "ok").OrNull())).Named("TestAnswer");

    private static readonly IReadOnlyList<(string, Schema)> Members =
    [
        ("request", DeliveryDocs.Request),
        ("response", TestAnswer),
        ("outcome", DeliveryDocs.Outcome),
        ("duration_ms", Schema.Whole("How long it took, in milliseconds.", 84, 0)),
        ("error", Schema.Text("What went wrong, in a sentence; null when nothing did.", null).OrNull()),
    ];

    public static Operation TestSubscription() => new(
        SubscriptionDocs.Tag,
        "testSubscription",
        "Send a test",
        """
        Sends one real request to a subscription's URL, rendered, signed and guarded as a delivery is, and answers what came of it, also when the receiver fails. It works in every state of the subscription. The filter does not count, the transform does. It is no delivery: nothing is recorded or tried again, and whatever the receiver answers, the subscription stays as it is. How many there may be in a minute is limited for each token and tenant.
        """)
    {
        Parameters = [Parameter.Path("id", Words.SubscriptionId)],
        Body = Schema.Request("What is to be sent; without a body the usual test.", [], ("event_type", EventType)),
        BodyIsOptional = true,
        Answers = [Answer.Ok<TestSendResponse>("The request was made; `outcome` says how it ended.", Schema.Answer("A test and what came of it.", Members).Named("TestSend"))],
        OtherProblems = [ProblemKind.RateLimited],
    };

    public static Operation TestUrl() => new(
        SubscriptionDocs.Tag,
        "testUrl",
        "Send a test to a URL",
        "Sends one real request to a URL that is no subscription's, under the same rules and limits as the test of a subscription. Nothing of it is kept.")
    {
        Body = Schema.Request(
            "What is to be sent, and where.",
            ["url"],
            (Caller.TenantMember, Words.TenantId.Saying("The tenant that the event says it is of, and whose limit counts. A tenant's token implies its own; an administrator who names none sends an event of the tenant `test`.")),
            ("url", SubscriptionDocs.Url.Saying("Where to: what a subscription's URL may be.")),
            ("profile", SubscriptionDocs.Profile.Default(SubscriptionDraft.DefaultProfile.Name)),
            ("secret", SecretDocs.Given.Saying("What signs. Null: one is made, and shown in the answer.")),
            ("event_type", EventType)).ShowingOnly("url", "profile", "event_type"),
        Answers =
        [
            Answer.Ok<UrlTestResponse>("The request was made; `outcome` says how it ended.", Schema.Answer(
                "A test of a URL and what came of it.",
                [.. Members, ("secret", Schema.Text("What signed, when it was made for this test; null when it was given.", SecretDocs.Example).OrNull())]).Named("UrlTest")),
        ],
        OtherProblems = [ProblemKind.RateLimited],
    };
}
