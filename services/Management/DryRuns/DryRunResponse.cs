using System.Text;
using Webhooks.Contracts;
using Webhooks.Management.Deliveries;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Matching;
using Webhooks.Subscriptions.Rendering;

namespace Webhooks.Management.DryRuns;

/// <summary>Who would get an event and who would not.</summary>
/// <param name="Timestamp">The moment that the attempts are supposed to start at, which some profiles sign: the event's own.</param>
/// <param name="NextCursor">Where the other subscriptions of the tenant begin, when they are too many for one answer; else null.</param>
internal sealed record DryRunResponse(
    IReadOnlyList<DryRunMatch> Matched, IReadOnlyList<DryRunNonMatch> Unmatched, DateTimeOffset Timestamp, string? NextCursor);

/// <summary>A subscription that would get the event, and the request of its first attempt.</summary>
/// <param name="Headers">Null: the request cannot be made.</param>
/// <param name="Body">Null: the request cannot be made.</param>
/// <param name="Error">Why not; the delivery would fail with it.</param>
internal sealed record DryRunMatch(string SubscriptionId, string Url, IReadOnlyDictionary<string, string>? Headers, string? Body, string? Error)
{
    public static DryRunMatch Of(Subscription subscription, WebhookRequest request) => new(
        IdOf(subscription), request.Url, HeaderLines.Joined(request.ShownHeaders), Encoding.UTF8.GetString(request.Body.Span), Error: null);

    public static DryRunMatch Failed(Subscription subscription, string error) =>
        new(IdOf(subscription), subscription.Settings.Url, Headers: null, Body: null, error);

    private static string IdOf(Subscription subscription) => PrefixedId.Format(PrefixedId.Subscription, subscription.Id);
}

/// <summary>A subscription that would not.</summary>
/// <param name="Reason">A code that never changes, a colon, and a sentence for people.</param>
internal sealed record DryRunNonMatch(string SubscriptionId, string Reason)
{
    public static DryRunNonMatch Of(Subscription subscription, NonMatch reason) =>
        new(PrefixedId.Format(PrefixedId.Subscription, subscription.Id), $"{reason.Code}: {reason.Detail}");
}
