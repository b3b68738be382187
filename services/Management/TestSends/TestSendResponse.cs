using System.Text;
using System.Text.Json.Serialization;
using Webhooks.Management.Deliveries;
using Webhooks.Sending;
using Webhooks.Subscriptions.Rendering;

namespace Webhooks.Management.TestSends;

/// <summary>What a test send sent, and what came back; the words are those of an attempt.</summary>
/// <param name="Request">Its body is null when it could not be made, and then nothing was sent.</param>
/// <param name="Response">Its members are null without an answer.</param>
/// <param name="Outcome">As an attempt's.</param>
/// <param name="Error">A sentence that says what went wrong; null after a success.</param>
internal record TestSendResponse(RequestResponse Request, TestAnswerResponse Response, string Outcome, int DurationMs, string? Error)
{
    public static TestSendResponse Of(WebhookRequest request, SendResult result) => new(
        new RequestResponse(request.Url, HeaderLines.Joined(request.ShownHeaders), Encoding.UTF8.GetString(request.Body.Span)),
        new TestAnswerResponse(
            result.StatusCode,
            result.StatusCode is null ? null : HeaderLines.Joined(result.ResponseHeaders),
            result.ResponseBody is { } body ? Encoding.UTF8.GetString(body) : null),
        result.Outcome.ToWireName(),
        (int)result.Duration.TotalMilliseconds,
        result.Error);

    /// <summary>There is no request: a transform, say, that does not fit the event.</summary>
    public static TestSendResponse NotMade(string url, string error) => new(
        new RequestResponse(url, HeaderLines.Joined([]), Body: null),
        new TestAnswerResponse(null, null, null),
        AttemptOutcome.RenderFailed.ToWireName(),
        DurationMs: 0,
        error);
}

/// <summary>What the receiver answered.</summary>
internal sealed record TestAnswerResponse(int? StatusCode, IReadOnlyDictionary<string, string>? Headers, string? Body);

/// <summary>A test of a URL that is no subscription's.</summary>
internal sealed record UrlTestResponse : TestSendResponse
{
    public UrlTestResponse(TestSendResponse sent, string? secret)
        : base(sent) => Secret = secret;

    /// <summary>What was signed with, when it was made for this test; null when it was given.</summary>
    // A derived record's members would come first.
    [JsonPropertyOrder(1)]
    public string? Secret { get; }
}
