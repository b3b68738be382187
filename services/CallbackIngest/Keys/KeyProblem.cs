using Webhooks.Api.Problems;

namespace Webhooks.CallbackIngest.Keys;

/// <summary>What a caller is told whose key is not free.</summary>
internal static class KeyProblem
{
    public static Problem Reused { get; } = new(
        StatusCodes.Status422UnprocessableEntity, "idempotency_key_reused", "This key belongs to a callback with other content: give each callback a key of its own.");

    public static Problem InProgress(TimeSpan retryAfter) =>
        new(StatusCodes.Status409Conflict, "callback_in_progress", "A callback with this key is being processed. Send it again: after the seconds in Retry-After the key is free or done, mostly sooner.") { RetryAfter = retryAfter };

    public static Problem Limited(TimeSpan retryAfter) => Problem.RateLimited(
        "Too many new callbacks of this external system within a minute. Send it again later; repeats of a key are not counted.", retryAfter);
}
