using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Matching;
using Webhooks.Subscriptions.Rendering;

namespace Webhooks.Management.DryRuns;

/// <summary>The answer of a dry run in the making.</summary>
/// <param name="accepted">The event; one without a timestamp has got that of now, as it would when it is accepted.</param>
/// <param name="now">Which secrets are still valid.</param>
internal sealed class DryRunPage(AcceptedEvent accepted, DateTimeOffset now, RequestRenderer renderer) : IDisposable
{
    private readonly LazyDocument _document = new(accepted);
    private readonly List<DryRunMatch> _matched = [];
    private readonly List<DryRunNonMatch> _unmatched = [];

    // The event's own moment, not that of now: the same event gives the same bytes and signatures each time.
    private readonly DateTimeOffset _timestamp = MomentOf(accepted);

    public AcceptedEvent Event => accepted;

    public int Count => _matched.Count + _unmatched.Count;

    /// <summary>Of all bodies.</summary>
    public int Bytes { get; private set; }

    public void Add(Subscription subscription)
    {
        if (SubscriptionMatch.FindObstacle(subscription, accepted.Type, _document) is { } reason)
        {
            _unmatched.Add(DryRunNonMatch.Of(subscription, reason));
            return;
        }

        try
        {
            var request = renderer.Render(subscription.Settings, WithTodaysSecrets(subscription), accepted, _timestamp);
            Bytes += request.Body.Length;
            _matched.Add(DryRunMatch.Of(subscription, request));
        }
        catch (RenderException fault)
        {
            // A delivery it becomes all the same: one that fails with this.
            _matched.Add(DryRunMatch.Failed(subscription, fault.Message));
        }
    }

    public DryRunResponse ToResponse(string? nextCursor) => new(_matched, _unmatched, _timestamp, nextCursor);

    public void Dispose() => _document.Dispose();

    // An event of last year would otherwise be signed with what was valid last year.
    private Subscription WithTodaysSecrets(Subscription subscription) => subscription with
    {
        Secrets = [.. subscription.Secrets.Where(secret => secret.IsValidAt(now)).Select(secret => secret with { ValidUntil = null })],
    };

    private static DateTimeOffset MomentOf(AcceptedEvent accepted) => EventTime.TryParse(accepted.Timestamp, out var moment)
        ? DateTimeOffset.FromUnixTimeSeconds(moment.UnixSeconds).AddMilliseconds(moment.Milliseconds)
        : throw new InvalidOperationException("An accepted event has a timestamp.");
}
