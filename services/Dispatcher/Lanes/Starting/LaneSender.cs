using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.Lanes.Serving;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Lanes;

namespace Webhooks.Dispatcher.Lanes.Starting;

/// <summary>Starts the entries that one lane's loop took into hand, each at its moment, after a look at its row.</summary>
internal sealed class LaneSender(HeldLane lane, LaneTools tools, EntryWork entries, LaneHealth health, LaneNews news)
{
    private readonly long _begunAt = tools.Clock.GetTimestamp();
    private LanePace? _pace;

    /// <summary>Counted from the taking of the lane.</summary>
    public TimeSpan Now => tools.Clock.GetElapsedTime(_begunAt);

    /// <summary>
    /// How long until the next send may start, as the next holder is to be told; null: this one knows nothing of it.
    /// </summary>
    public TimeSpan? Wait => _pace?.Wait(Now) ?? lane.SendsAfter - Now;

    /// <summary>The pace by which sends start from now on.</summary>
    public LanePace PaceAt(LaneLimits limits)
    {
        var pace = (_pace ?? LanePace.Begin(limits.PerSecond, Now, lane.SendsAfter)).At(limits.PerSecond);
        _pace = pace;
        return pace;
    }

    /// <summary>Nothing waits to be sent: a pace saves nothing up.</summary>
    public void NothingWaits() => _pace = _pace!.Value.Rested(Now);

    /// <summary>
    /// Returns when each was started, or given back because the receiver, the lane, or the subscription's configuration, is not
    /// what it was.
    /// </summary>
    /// <param name="taken">Into hand.</param>
    /// <param name="slots">Taken for them; at least as many.</param>
    /// <param name="subscription">By whose limits they were taken. The look at their rows may be the first to learn of others.</param>
    /// <param name="abandon">The shutdown ran out of time.</param>
    public async Task StartAsync(List<LaneEntry> taken, int slots, Subscription subscription, CancellationToken abandon)
    {
        var begun = taken.Where(entries.TryBegin).ToList();
        tools.Slots.GiveBack(lane.SubscriptionId, slots - begun.Count);
        if (begun.Count == 0)
        {
            return;
        }

        var started = 0;
        try
        {
            var lookedAt = tools.Clock.GetTimestamp();
            var looked = await tools.Reads.LookAsync(lane, begun, abandon);
            for (; started < begun.Count; started++)
            {
                if (!ReferenceEquals(looked.Subscription, subscription) || !await MayStartAsync(subscription, lookedAt, abandon))
                {
                    news.AskToRead();
                    return;
                }

                Start(begun[started], looked.Rows.GetValueOrDefault(begun[started].Id), subscription, abandon);
            }
        }
        finally
        {
            begun[started..].ForEach(entry => entries.GiveBack(entry.Id));
        }
    }

    /// <summary>
    /// Waits for the moment of the next send. False: the receiver, the lane, or the subscription's configuration, is not what it
    /// was, or what was looked at may not be, because the database was away since.
    /// </summary>
    private async Task<bool> MayStartAsync(Subscription subscription, long lookedAt, CancellationToken abandon)
    {
        while (_pace!.Value.Wait(Now) is var wait && wait > TimeSpan.Zero)
        {
            await Task.Delay(LaneNews.AtLeastShortest(wait), tools.Clock, CancellationToken.None);
        }

        // Others that were started may have told something of the receiver meanwhile.
        return await health.ClosedForAsync(subscription, abandon) <= TimeSpan.Zero
            && tools.Lease.Covers(lane.LeaseId, lookedAt)
            && !news.IsToHandOver && !news.IsLost
            && ReferenceEquals(subscription, tools.Subscriptions.Current.ById.GetValueOrDefault(lane.SubscriptionId));
    }

    private void Start(LaneEntry entry, DeliveryRow? row, Subscription subscription, CancellationToken abandon)
    {
        var accepts = row is { EventIsGone: false } && subscription.Accepts(row.CreatedAt);
        switch (LaneLook.At(entry, row, accepts, entries.FaultsOf(entry.Id)))
        {
            case LaneVerdict.Send:
                _pace = _pace!.Value.Sent(Now);
                var held = health.Known.HeldUntil(tools.Clock.GetUtcNow(), row!.Held, row.LaneDueAt);
                entries.Attempt(row with { Held = held }, subscription, abandon);
                break;
            case LaneVerdict.Cancel:
                entries.Cancel(row!, abandon);
                break;
            case LaneVerdict.Park:
                entries.Park(row!, abandon);
                break;
            default:
                news.AskToRead();
                entries.GiveBack(entry.Id);
                break;
        }
    }
}
