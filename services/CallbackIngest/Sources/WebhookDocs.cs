using Webhooks.Api.OpenApi;
using Webhooks.CallbackIngest.Callbacks;
using Webhooks.Contracts;
using Webhooks.Subscriptions.Events;

namespace Webhooks.CallbackIngest.Sources;

/// <summary>How sources' webhooks are described.</summary>
internal static class WebhookDocs
{
    private const string Sentences =
        "Takes a webhook as its sender makes it, and turns it into a callback as its source says. It needs no token: it is proved by its signature or secret, over its bytes, before anything is read; one that is not is answered 401, whatever is wrong with it. Only its size is looked at before: more than 1 MiB is 413, signed or not. It may be JSON or a form; a form that cannot be read is answered 400, and JSON deeper than 58 levels is no command (`received`). What a sender cannot mend is answered 200; 429 and 503 ask for another try.";

    private static readonly Tag Tag = new("Sources", "Native webhooks of external systems.");

    private static readonly ProblemKind Unproved = new(
        WebhookCheck.Refused, "The webhook is not proved to be its source's, whatever is wrong with it. `WWW-Authenticate` names Basic where the source is proved so.") { Name = "unproved" };

    private static readonly Schema SourceId = Words.Id(PrefixedId.Source, "0198c0f7d3a17e5c8b2d4f6a90c1e3b5", "The source, as Management made it.");

    private static readonly Schema ExceptionId = Schema.Text("What the webhook is about, where its source takes that from the path.", "exc_001", 1, EventRules.MaxIdLength, "^[A-Za-z0-9_.:-]+$");

    private static readonly Schema Answered = Schema.Answer(
        "What became of the webhook.",
        ("status", Schema.OneOf(
            "`accepted`: its command is safe. `received`: it maps to no command, and is told of as `inbound.received`. `ignored`: its key belongs to other content.",
            "accepted",
            ["accepted", "received", "ignored"]))).Named("WebhookAnswer");

    public static Operation Take() => Operation("takeWebhook", "Take a webhook of a source");

    public static Operation TakeAbout() => Operation("takeWebhookAbout", "Take a webhook about an exception", Parameter.Path("exceptionId", ExceptionId));

    private static Operation Operation(string id, string summary, params IReadOnlyList<Parameter> more) => new(Tag, id, summary, Sentences)
    {
        TakesNoToken = true,
        Parameters = [Parameter.Path("sourceId", SourceId), .. more],
        AnyBody = "The webhook as its sender makes it, JSON or a form, at most 1 MiB.",
        Answers =
        [
            Answer.Ok<WebhookAnswer>("It is taken, now or before. To Slack's question for its address the answer is the `challenge`; its forms are answered with nothing.", Answered)
                .With(CallbacksApi.ReplayedHeader, Schema.OneOf("`true`: it came before, and nothing was done now.", "false", ["true", "false"])),
        ],
        OtherProblems = [Unproved, CallbackDocs.Limited],
    };
}
