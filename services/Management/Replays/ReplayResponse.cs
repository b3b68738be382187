using Webhooks.Contracts;
using Webhooks.Database.Replays;

namespace Webhooks.Management.Replays;

/// <summary>A replay that was taken on.</summary>
internal sealed record ReplayStartedResponse(string Id, string Status, long Matched, long Done);

/// <summary>What a replay would do.</summary>
/// <param name="Id">Null: there is none.</param>
/// <param name="Status">Always dry_run.</param>
/// <param name="Matched">How many deliveries would be replayed.</param>
/// <param name="Done">Always 0.</param>
/// <param name="Complete">False: they were too many to count at once, and there are more.</param>
internal sealed record DryRunResponse(string? Id, string Status, long Matched, long Done, bool Complete);

/// <summary>A replay and how far it has come.</summary>
internal sealed record ReplayResponse(
    string Id,
    string? TenantId,
    string Kind,
    string Status,
    long Matched,
    long Done,
    ReplayFilterResponse Filter,
    double? RatePerSecond,
    string? Error,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? FinishedAt)
{
    public static ReplayResponse Of(StoredReplay replay) => new(
        PrefixedId.Format(PrefixedId.Replay, replay.Id),
        replay.TenantId,
        replay.Selection.Recovers ? "recovery" : "replay",
        replay.Status,
        replay.Matched,
        replay.Done,
        ReplayFilterResponse.Of(replay.Selection),
        replay.RatePerSecond,
        replay.Error,
        replay.CreatedAt,
        replay.UpdatedAt,
        replay.FinishedAt);
}

/// <summary>Which deliveries a replay is about; <c>until</c> is at the latest the moment it was asked for.</summary>
internal sealed record ReplayFilterResponse(
    string? SubscriptionId, string? EventId, string? Type, string? Status, DateTimeOffset? Since, DateTimeOffset? Until)
{
    public static ReplayFilterResponse Of(ReplaySelection selection) => new(
        selection.Deliveries.SubscriptionId is { } subscription ? PrefixedId.Format(PrefixedId.Subscription, subscription) : null,
        selection.Deliveries.EventId,
        selection.Type,
        selection.Statuses is [var status] ? status : null,
        selection.Deliveries.Since,
        selection.Deliveries.Until);
}
