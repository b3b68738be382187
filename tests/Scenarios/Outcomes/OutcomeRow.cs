using System.Globalization;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Outcomes;

/// <summary>A row of the contract's outcome table: what the receiver does, and what must come of it.</summary>
/// <param name="Name">Names the test case.</param>
/// <param name="Outcome">Of every attempt.</param>
/// <param name="Matcher">The delivery's final status under the profile <c>matcher</c>.</param>
/// <param name="Others">Under the other profiles.</param>
/// <param name="StatusCode">Null without an answer.</param>
internal sealed record OutcomeRow(string Name, string Outcome, string Matcher, string Others, int? StatusCode = null)
{
    public const string EndlessBody = "2xx, then a body that never ends";

    private const string Delivered = "delivered";
    private const string Failed = "failed";

    // Two attempts are allowed: what is retried ends exhausted after both, what is not after the first.
    private const string Retried = "exhausted";

    public static readonly OutcomeRow[] All =
    [
        Answered(200, "succeeded", Delivered, Delivered),
        Answered(204, "succeeded", Delivered, Delivered),
        Answered(299, "succeeded", Delivered, Delivered),
        new(EndlessBody, "succeeded", Delivered, Delivered, 200),
        Answered(410, "gone", Failed, Failed),
        Answered(429, "throttled", Retried, Retried),
        Answered(400, "rejected", Failed, Retried),
        Answered(404, "rejected", Failed, Retried),
        Answered(408, "rejected", Failed, Retried),
        Answered(425, "rejected", Failed, Retried),
        Answered(301, "redirected", Failed, Retried),
        Answered(302, "redirected", Failed, Retried),
        Answered(307, "redirected", Failed, Retried),
        Answered(500, "server_error", Retried, Retried),
        Answered(503, "server_error", Retried, Retried),
        new("never answers", "timed_out", Retried, Retried),
        new("never reads", "timed_out", Retried, Retried),
        new("stalls in the headers", "timed_out", Retried, Retried),
        new("no such host", "dns_failed", Retried, Retried),
        new("refuses the connection", "connection_failed", Retried, Retried),
        new("resets the connection", "connection_failed", Retried, Retried),
        new("closes early", "connection_failed", Retried, Retried),
        new("breaks the handshake off", "tls_failed", Retried, Retried),
        new("certificate of a trusted authority", "succeeded", Delivered, Delivered, 200),
        new("expired certificate", "certificate_invalid", Failed, Retried),
        new("self-signed certificate", "certificate_invalid", Failed, Retried),
        new("certificate for another name", "certificate_invalid", Failed, Retried),
        new("certificate of an unknown authority", "certificate_invalid", Failed, Retried),
        new("private address", "address_refused", Failed, Failed),
        new("address of a cloud's metadata", "address_refused", Failed, Failed),
        new("does not speak HTTP", "response_invalid", Retried, Retried),
        new("headers over 32 KiB", "response_invalid", Retried, Retried),
    ];

    /// <summary>The row is about a status code, which is its name.</summary>
    public bool IsAnswered => int.TryParse(Name, out _);

    /// <summary>Short where the deadline is what is waited for; long where a busy machine must not reach it.</summary>
    public double TimeoutSeconds => Outcome is "timed_out" ? 1 : Name is EndlessBody ? 15 : 30;

    public Answer Answer => new Answer(StatusCode!.Value).With("Location", "/elsewhere");

    public static OutcomeRow Named(string name) => All.Single(row => row.Name == name);

    public string StatusUnder(string profile) => profile is "matcher" ? Matcher : Others;

    private static OutcomeRow Answered(int statusCode, string outcome, string matcher, string others) =>
        new(statusCode.ToString(CultureInfo.InvariantCulture), outcome, matcher, others, statusCode);
}
