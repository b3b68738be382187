using System.Text.Json.Nodes;
using Webhooks.Api.OpenApi;
using Webhooks.Broker.Parking;
using Webhooks.Contracts;

namespace Webhooks.Management.Parking;

/// <summary>How /v1/parked is described.</summary>
internal static class ParkedDocs
{
    private static readonly Tag Tag = new("Parked messages", "Messages that could not be processed: set aside whole, with the reason, until somebody puts them back or deletes them.");

    private static readonly Schema Id = Words.Id(PrefixedId.Parked, "0198c0f7b1d47a3e8c5d9e0f2a6b4c81", "The parked message's id.");

    private static readonly Schema Queue = Schema.Text("The queue that it came from, and goes back to.", BrokerNames.PublisherQueue);

    private static readonly Schema Reason = Schema.OneOf(
        "Why it is parked: `not_json`, `invalid_event`, `too_large` or `schema_violation` of an event; `not_json`, `invalid_result` or `unknown_command` of a command's result; `poison` when our own code failed on it; `unknown` when somebody laid it there by hand.",
        ParkingReason.InvalidEvent, ParkingReason.All);

    private static readonly Schema Status = Schema.OneOf(
        "How it stands: `parked`, it waits for somebody; `republished`, it was put back.", ParkedFilter.Waiting, ParkedFilter.Statuses);

    private static readonly IReadOnlyList<(string, Schema)> Members =
    [
        ("id", Id),
        ("tenant_id", Words.TenantId.OrNull().Saying("The tenant that it is about; null: that could not be read.")),
        ("queue", Queue.OrNull()),
        ("reason", Reason),
        ("detail", Schema.Text("What was wrong, in a sentence.", "/tenant_id is required.")),
        ("message_id", Schema.Text("Its AMQP message id; null: it has none.", "b7c9e2d4-5f60-4a1b-8c3d-9e0f1a2b3c4d").OrNull()),
        ("size", Schema.Whole("The bytes of its body.", 118, 0)),
        ("status", Status),
        ("created_at", Words.CreatedAt.Saying("When it came here: a moment after it was parked.")),
        ("republished_at", Schema.Time("When it was last put back; null: it was not.", "2024-01-20T11:00:00Z").OrNull().Showing(null)),
    ];

    private static readonly Schema Parked = Schema.Answer("A parked message.", Members).Named("ParkedMessage");

    private static readonly Schema Detail = Schema.Answer(
        "A parked message with what it says.",
        [
            .. Members,
            ("properties", Schema.AnyObject(
                "Its AMQP properties and headers; those named `x-webhooks-…` were added when it was parked, and do not go back.",
                (JsonObject)JsonNode.Parse("""{"content_type":"application/json","headers":{"x-webhooks-reason":"invalid_event"}}""")!)),
            ("body", Schema.Text($"Its body: text, or base64 when it is none; the first {ShownBody.Most} bytes of a larger one.", """{"id":"evt_exc_001","type":"exception.created","data":{}}""")),
            ("body_encoding", Schema.OneOf("How `body` is to be read.", ShownBody.Utf8, [ShownBody.Utf8, ShownBody.Base64])),
            ("body_is_cut", Schema.Flag("True: there is more of it than is shown. All of it goes back.", false)),
        ]).Named("ParkedMessageDetail");

    public static Operation List() => new(
        Tag,
        "listParked",
        "List the parked messages",
        $"Lists the messages that could not be processed, as long as `Webhooks:RetentionDays` says. A page looks at {ParkedList.LargestScan} of them at most: with `reason`, `queue` or `status` it may have few items, or none, and still lead on. A tenant's token sees those that are known to be about its tenant.")
    {
        Parameters =
        [
            Parameter.Tenant,
            Parameter.Query("reason", Reason.Saying("Only those that are parked for this reason.")),
            Parameter.Query("queue", Queue.Saying("Only those that came from this queue.")),
            Parameter.Query("status", Status.Saying("Only those that stand so.")),
            .. Parameter.Period,
            .. Parameter.Page,
        ],
        Answers = [Answer.Ok<Api.Pages.Page<ParkedResponse>>("A page of parked messages.", Words.PageOf(Parked))],
    };

    public static Operation Get() => new(Tag, "getParked", "Read a parked message", "Reads a parked message with its properties and its body.")
    {
        Parameters = [Parameter.Path("id", Id)],
        Answers = [Answer.Ok<ParkedDetailResponse>("The parked message.", Detail)],
    };

    public static Operation Republish() => new(
        Tag,
        "republishParked",
        "Put a parked message back",
        "Puts a parked message back into the queue that it came from, body and properties as they came, and answers when the broker has confirmed it. Do so when what was wrong is mended: it is then processed as if it were new. If it still cannot be processed it is parked again, as a new message here. It may be put back again, and is then in the queue twice: of an event the second one is a repeat of its id, which is sent to nobody; what was processed before is not processed twice. Of requests that do so at once one does, the others are answered `conflict`.")
    {
        Parameters = [Parameter.Path("id", Id)],
        Answers = [Answer.Accepted<ParkedResponse>("It is back in its queue.", Parked.Showing("status", ParkedFilter.Republished))],
        OtherProblems = [ProblemKind.Conflict],
    };

    public static Operation Delete() => new(Tag, "deleteParked", "Delete a parked message", "Deletes a parked message for good. The account of parked messages still counts it.")
    {
        Parameters = [Parameter.Path("id", Id)],
        Answers = [Answer.Empty("It is deleted.")],
    };
}
