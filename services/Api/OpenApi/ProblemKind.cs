using Webhooks.Api.Problems;

namespace Webhooks.Api.OpenApi;

/// <summary>A problem that operations may answer. Its status and code are those of a real one.</summary>
/// <param name="Example">One that the API makes.</param>
/// <param name="When">A sentence about when it comes, and what to do.</param>
internal sealed record ProblemKind(Problem Example, string When)
{
    /// <summary>Its name in the document: the code, unless another kind has that.</summary>
    public string Name { get; init; } = Example.Code;

    public static ProblemKind BadRequest { get; } = new(Problem.BadRequest, "The body breaks off, or is not well-formed HTTP.");

    public static ProblemKind TooSlow { get; } = new(Problem.TooSlow, "The body comes too slowly: less than 240 bytes a second after the first five seconds.");

    public static ProblemKind MalformedJson { get; } = new(
        Problem.MalformedJson("The body is not JSON: in line 3, column 1, '}' has no place."),
        "The body is not one JSON object in UTF-8; `detail` says what is wrong and where.");

    public static ProblemKind ValidationFailed { get; } = new(
        Problem.Invalid([new("/event_types/0", FieldError.InvalidFormat, "It must be an event type such as exception.created, all below one such as exception.*, or *.")]),
        "Some of what was sent is not acceptable; `errors` names every fault at once.");

    public static ProblemKind NotSupportedYet { get; } = new(
        Problem.Invalid([new("/channel", FieldError.NotSupportedYet, "It comes with a later version; leave it out or null.")]),
        "It names members or values that come with a later version of this service; leave them out.");

    public static ProblemKind InvalidCursor { get; } = new(Problem.InvalidCursor, "The cursor is not one that this list gave out; begin again without it.");

    public static ProblemKind Unauthenticated { get; } = new(Problem.Unauthenticated, "There is no token, or it is unknown, expired or revoked.");

    public static ProblemKind Forbidden { get; } = new(
        Problem.Forbidden("This token does not have the scope subscriptions:write."),
        "The token does not have the required scope, or belongs to another tenant than the one that is named.");

    public static ProblemKind NotFound { get; } = new(
        Problem.NotFound("There is no such subscription."),
        "Nothing has this id, or what has it belongs to another tenant.");

    public static ProblemKind Conflict { get; } = new(
        Problem.Conflict("The subscription is disabled: a replay would be canceled at once. Make it active first."),
        "As things stand it cannot be done; `detail` says what stands in the way.");

    public static ProblemKind PreconditionFailed { get; } = new(Problem.PreconditionFailed, "The resource has changed since the `ETag` in `If-Match` was read; read it again.");

    public static ProblemKind TooLarge { get; } = new(Problem.TooLarge(Bodies.RequestBody.Limit), "The body is too large; `detail` says how large it may be.");

    public static ProblemKind UnsupportedMediaType { get; } = new(Bodies.RequestBody.WrongType, "The body is not sent as JSON in UTF-8, or it is compressed.");

    public static ProblemKind RateLimited { get; } = new(
        Problem.RateLimited("There were too many test sends within a minute.", TimeSpan.FromMinutes(1)),
        "There were too many requests of this kind. Send the same request again after the seconds in `Retry-After`.");

    public static ProblemKind Unavailable { get; } = new(
        Problem.Unavailable("The database is away. Try again."),
        "A server behind the API is away or too slow. Send the same request again after the seconds in `Retry-After`; of a POST without an idempotency key look first whether it was done all the same: the answer to its commit may be what was lost.");
}
