using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;

namespace Webhooks.Api.Problems;

/// <summary>What an answer says when it is not what was asked for (RFC 9457): a status, a code that never changes, a sentence.</summary>
internal sealed record Problem(int Status, string Code, string Detail) : IResult
{
    public const string ContentType = "application/problem+json";

    /// <summary>A body of a mebibyte may have a hundred thousand faults: an answer of fifty times its size, kept for whoever reads it slowly.</summary>
    public const int MostErrors = 1_000;

    /// <summary>Every fault of a body or query at once, the first <see cref="MostErrors"/> of them.</summary>
    public IReadOnlyList<FieldError> Errors { get; init => field = value.Count <= MostErrors ? value : [.. value.Take(MostErrors)]; } = [];

    /// <summary>When trying again makes sense.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What a 401 asks for: the challenge of WWW-Authenticate (RFC 9110), which a 401 must have.</summary>
    public string Challenge { get; init; } = "Bearer";

    public static Problem BadRequest { get; } = new(StatusCodes.Status400BadRequest, "bad_request", "The request is not well-formed HTTP.");

    public static Problem TooSlow { get; } = new(StatusCodes.Status408RequestTimeout, "request_timeout", "The body came too slowly. Send the request again.");

    public static Problem MalformedJson(string detail) => new(StatusCodes.Status400BadRequest, "malformed_json", detail);

    public static Problem InvalidCursor { get; } = new(StatusCodes.Status400BadRequest, "invalid_cursor", "The cursor is not one that this list gave out.");

    public static Problem Unauthenticated { get; } =
        new(StatusCodes.Status401Unauthorized, "unauthenticated", "Send \"Authorization: Bearer whk_…\" with a token that is neither expired nor revoked.");

    public static Problem Forbidden(string detail) => new(StatusCodes.Status403Forbidden, "forbidden", detail);

    public static Problem NotFound(string detail) => new(StatusCodes.Status404NotFound, "not_found", detail);

    public static Problem Conflict(string detail) => new(StatusCodes.Status409Conflict, "conflict", detail);

    public static Problem PreconditionFailed { get; } =
        new(StatusCodes.Status412PreconditionFailed, "precondition_failed", "It has changed since the ETag in If-Match was read: read it again.");

    public static Problem TooLarge(int limit) =>
        new(StatusCodes.Status413PayloadTooLarge, "too_large", $"The body is larger than {limit.ToString(CultureInfo.InvariantCulture)} bytes.");

    public static Problem RateLimited(string detail, TimeSpan wait) => new(StatusCodes.Status429TooManyRequests, "rate_limited", detail) { RetryAfter = wait };

    public static Problem Unavailable(string detail) =>
        new(StatusCodes.Status503ServiceUnavailable, "unavailable", detail) { RetryAfter = TimeSpan.FromSeconds(2) };

    /// <summary>All faults of what was sent. Only fields that come with a later version: that is what it says.</summary>
    public static Problem Invalid(IReadOnlyList<FieldError> errors) => errors.All(error => error.Code == FieldError.NotSupportedYet)
        ? new(StatusCodes.Status400BadRequest, FieldError.NotSupportedYet, $"Not supported yet: {string.Join(", ", errors.Select(error => error.Pointer.TrimStart('/')))}.") { Errors = errors }
        : new(StatusCodes.Status400BadRequest, "validation_failed", $"Some of what was sent is not acceptable; errors names {Named(errors.Count)}.") { Errors = errors };

    private static string Named(int faults) =>
        faults <= MostErrors ? "each fault" : string.Create(CultureInfo.InvariantCulture, $"the first {MostErrors:N0} of {faults:N0} faults");

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        // For whoever notes how requests ended.
        httpContext.Features.Set(this);
        response.StatusCode = Status;
        if (RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = ((int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        if (Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = Challenge;
        }

        return response.WriteAsJsonAsync(
            Body(Activity.Current?.TraceId.ToString()),
            options: null,
            ContentType,
            // Written even to a request whose time is up: its own token is canceled by then.
            CancellationToken.None);
    }

    public ProblemResponse Body(string? traceId) => new("about:blank", ReasonPhrases.GetReasonPhrase(Status), Status, Detail, Code, traceId, Errors);
}

/// <summary>One fault of a body or query.</summary>
/// <param name="Pointer">A JSON pointer into the body; of a query, <c>/</c> and the parameter's name.</param>
/// <param name="Code">What kind of fault; never changes.</param>
/// <param name="Message">A sentence for people.</param>
internal sealed record FieldError(string Pointer, string Code, string Message)
{
    public const string Required = "required";
    public const string InvalidType = "invalid_type";
    public const string InvalidFormat = "invalid_format";
    public const string InvalidValue = "invalid_value";
    public const string OutOfRange = "out_of_range";
    public const string UnknownMember = "unknown_member";
    public const string ReadOnly = "read_only";
    public const string NotSupportedYet = "not_supported_yet";
}

/// <summary>A problem's body.</summary>
internal sealed record ProblemResponse(
    string Type, string Title, int Status, string Detail, string Code, string? TraceId, IReadOnlyList<FieldError> Errors);
