using System.Text.Json.Nodes;
using Webhooks.Api.Access;
using Webhooks.Api.OpenApi;
using Webhooks.CallbackIngest.Keys;
using Webhooks.CallbackIngest.Limits;
using Webhooks.CallbackIngest.Routes;
using Webhooks.Subscriptions.Events;

namespace Webhooks.CallbackIngest.Callbacks;

/// <summary>How callbacks are described: from the same table by which they are read.</summary>
internal static class CallbackDocs
{
    private const string Introduction =
        """
        External systems that were told of something call back here when they have worked on it. A callback becomes one command for the service whose matter it is, however often it is sent.

        **Keys.** Every callback carries an idempotency key. The same key with the same body is answered as it was before, with `X-Idempotency-Replayed: true`, and does nothing; with another body it is refused. A key counts for one tenant, one external system and one thing that is called about. Keys are remembered for a week unless the operator says otherwise.

        **Problems** are [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) documents. Decide by their `code`, which never changes; show people their `detail`. Faults of a body are all named at once in `errors`. After 409, 429 and 503 wait for the seconds that `Retry-After` names and send the same request again: it is never processed twice.
        """;

    private const string KeyPattern = "^[A-Za-z0-9:_.-]+$";

    private static readonly Tag Tag = new("Callbacks", "What external systems call back.");

    private static readonly Schema Accepted = Schema.Answer("It is accepted.", ("status", Schema.OneOf("Always `accepted`.", "accepted", ["accepted"]))).Named("Accepted");

    private static readonly Schema Key = Schema.Text(
        $"The callback's own key, which stays the same however often it is sent. `{IdempotencyKey.StandardHeader}` is taken, too; one of them must be there.", "callback-jira-1234", 1, IdempotencyKey.Longest, KeyPattern);

    private static readonly Schema StandardKey = Key.Saying($"The same as `{IdempotencyKey.Header}`, which may be left out then. Two that differ are refused.");

    private static readonly ProblemKind KeyMissing = new(IdempotencyKey.Missing, "There is no idempotency key.");

    private static readonly ProblemKind InProgress = new(
        KeyProblem.InProgress(TimeSpan.FromSeconds(1)), "A callback with this key is being processed. Send the same request again after the seconds in `Retry-After`.");

    private static readonly ProblemKind Reused = new(KeyProblem.Reused, "The key belongs to a callback with another body: give each callback a key of its own.");

    internal static readonly ProblemKind Limited = new(
        KeyProblem.Limited(MinuteWindow.Length), "There were too many new keys of this external system within a minute; repeats are not counted. Send the same request again after the seconds in `Retry-After`.");

    public static ApiDescription Api { get; } = new("Webhooks: callbacks", "Call back about what you were told.", Introduction);

    public static Operation Take(CallbackRoute route) => new(
        Tag,
        $"callBackAbout{char.ToUpperInvariant(route.Noun[0])}{route.Noun[1..]}",
        $"Call back about one {route.Noun}",
        $"Takes a callback about one {route.Noun}. The answer comes when its command is safe; whether there is such a thing, and what becomes of it, is for the service to know that carries the command out.")
    {
        Parameters =
        [
            Parameter.Path(route.SubjectName, Schema.Text("What it is about.", "exc_001", 1, EventRules.MaxIdLength, "^[A-Za-z0-9_.:-]+$")),
            Parameter.Header(IdempotencyKey.Header, Key),
            Parameter.Header(IdempotencyKey.StandardHeader, StandardKey),
            Parameter.Query(Caller.TenantMember, Words.TenantId.Saying("Whose it is. A tenant's token implies its own and is refused when it names another; an administrator's must name one.")),
        ],
        TakesAnyId = true,
        Body = Schema.Object(
            $"The callback, at most {CallbackBodyReader.Deepest} levels deep. Members that are not named here are kept in the command's payload.",
            route.Fields.Where(field => field.IsRequired).Select(field => field.Name),
            [.. route.Fields.Select(field => (field.Name, field.IsRequired ? SchemaOf(field) : SchemaOf(field).OrNull()))]),
        Answers =
        [
            Answer.Ok<AcceptedResponse>("It is accepted, now or before.", Accepted)
                .With(CallbacksApi.ReplayedHeader, Schema.OneOf("`true`: it had been accepted before, and nothing was done now.", "false", ["true", "false"])),
        ],
        OtherProblems = [KeyMissing, InProgress, Reused, Limited, .. route.Fields.SelectMany(field => RefusalsOf(route, field))],
    };

    private static IEnumerable<ProblemKind> RefusalsOf(CallbackRoute route, CallbackField field)
    {
        if (field.Kind == FieldKind.Choice)
        {
            yield return new ProblemKind(CallbackBodyReader.InvalidChoice(field), $"The `{field.Name}` is none of those that there are.");
        }

        if (field.Needs is var (choice, needed))
        {
            yield return new ProblemKind(CallbackBodyReader.MissingNeed(route, field, choice, needed), $"With the `{field.Name}` `{choice}` the `{needed}` must be there.");
        }
    }

    private static Schema SchemaOf(CallbackField field) => field.Kind switch
    {
        FieldKind.Payload => Schema.AnyObject(field.Description, (JsonObject?)JsonNode.Parse(field.Example ?? "null")),
        FieldKind.Time or FieldKind.UpdatedAt => Schema.Time($"{field.Description} As RFC 3339 writes it, with an offset, in at most {Rfc3339.Longest} characters.", field.Example),
        // Taken in any case, so that an enumeration would say less than is so.
        FieldKind.Choice => Schema.Text($"{field.Description} One of {string.Join(", ", field.Choices.Select(choice => $"`{choice}`"))}.", field.Example, 1),
        _ => Schema.Text(field.Description, field.Example, field.IsRequired ? 1 : null, field.Longest),
    };
}
