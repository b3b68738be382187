using Microsoft.Extensions.Logging;
using Webhooks.Publisher.Suspects;

namespace Webhooks.Publisher.Notices;

/// <summary>
/// The first step of the oldest notices: their events are accepted for the subscriptions that name them. Needs no broker. A
/// publisher that dies before the commit leaves them to be accepted by the next one; one that dies after it leaves them to be published.
/// </summary>
internal sealed partial class AcceptingTurn(NoticeStore store, ILogger<AcceptingTurn> logger) : INoticeTurn
{
    private const int Limit = 100;

    public async Task<bool> RunAsync(CancellationToken stop)
    {
        await using var session = await store.TryBeginAsync(NoticeStep.Accepting, stop);
        if (session is null)
        {
            return false;
        }

        var notices = await session.ReadAsync(Limit, stop);
        var accepted = await AcceptAsync(session, notices, stop);
        return accepted < notices.Count || notices.Count == Limit;
    }

    /// <summary>Answers how many are accepted, the first of them.</summary>
    private async Task<int> AcceptAsync(NoticeSession session, IReadOnlyList<StoredNotice> notices, CancellationToken stop)
    {
        try
        {
            var accepted = await session.AcceptAsync(notices, stop);
            Log.Accepted(logger, accepted.Notices, accepted.Deliveries);
            return accepted.Notices;
        }
        catch (Exception fault) when (Blame.MayBeOfEvents(fault) && !stop.IsCancellationRequested && notices.Count > 1)
        {
            foreach (var notice in notices)
            {
                await AcceptAsync(session, [notice], stop);
            }

            return notices.Count;
        }
        catch (Exception fault) when (Blame.MayBeOfEvents(fault) && !stop.IsCancellationRequested)
        {
            // One that can never become an event must not be tried for ever, and stand before all others.
            Log.NoEvent(logger, fault, notices[0].EventType, notices[0].Notice.Id, notices[0].Notice.TenantId);
            await session.AcceptWithoutEventAsync(notices[0], stop);
            return notices.Count;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Accepted the events of {Notices} notices, which became {Deliveries} deliveries")]
        public static partial void Accepted(ILogger logger, int notices, int deliveries);

        [LoggerMessage(2, LogLevel.Error, "The event {Type} {Id} of tenant {TenantId} could not be stored and reaches no subscription; its notification is published")]
        public static partial void NoEvent(ILogger logger, Exception fault, string type, string id, string tenantId);
    }
}
