using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Webhooks.Broker.Publishing;
using Webhooks.Database.Faults;
using Webhooks.Publisher.FanOut;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Publisher.Notices;

/// <summary>
/// Tells the oldest notices. The order is what makes loss impossible: publish, and only then accept the events and delete
/// the notices, in one transaction. Who dies in between leaves them to be told again, with the same ids.
/// </summary>
internal sealed partial class NoticeTurn(
    NoticeStore store, [FromKeyedServices(NoticesModule.Notifying)] ConfirmedPublisher publisher, FanOutMetrics metrics, TimeProvider clock, ILogger<NoticeTurn> logger)
{
    private const int Limit = 100;
    private static readonly TimeSpan RepeatPause = TimeSpan.FromMilliseconds(200);

    /// <summary>True: there may be more.</summary>
    public async Task<bool> RunAsync(CancellationToken stop)
    {
        if (!await store.AnyAsync(stop))
        {
            return false;
        }

        await using var session = await store.TryBeginAsync(stop);
        if (session is null)
        {
            // Another publisher tells them.
            return false;
        }

        var notices = await session.ReadAsync(Limit, stop);
        await PublishAsync(notices, stop);
        await SettleAsync(session, notices, stop);
        return notices.Count == Limit;
    }

    private async Task PublishAsync(IReadOnlyList<StoredNotice> notices, CancellationToken stop)
    {
        IReadOnlyList<OutgoingMessage> messages = [.. notices.Select(NotificationMessage.Of)];
        while (messages.Count > 0)
        {
            var outcomes = await publisher.TryPublishAsync(messages, stop);
            if (outcomes.Count(outcome => outcome == PublishOutcome.Refused) is > 0 and var refused)
            {
                // A neighbour's queue is full and says no, the others have it. Waiting for that one would keep it from all.
                Log.Refused(logger, refused);
            }

            messages = [.. messages.Where((_, index) => outcomes[index] == PublishOutcome.Unknown)];
            if (messages.Count > 0)
            {
                await Task.Delay(RepeatPause, clock, stop);
            }
        }

        foreach (var told in notices)
        {
            metrics.Notified(told.Notice.Type);
        }
    }

    private async Task SettleAsync(NoticeSession session, IReadOnlyList<StoredNotice> notices, CancellationToken stop)
    {
        try
        {
            var deliveries = await session.SettleAsync(notices, stop);
            Log.Told(logger, notices.Count, deliveries);
        }
        catch (Exception fault) when (IsOfTheNotices(fault, stop) && notices.Count > 1)
        {
            foreach (var notice in notices)
            {
                await SettleAsync(session, [notice], stop);
            }
        }
        catch (Exception fault) when (IsOfTheNotices(fault, stop))
        {
            // One that can never become an event must not be told for ever, and stand before all others.
            Log.NoEvent(logger, fault, notices[0].EventType, notices[0].Notice.Id, notices[0].Notice.TenantId);
            await session.DiscardAsync(notices[0], stop);
        }
    }

    // A configuration that we cannot read is no notice's fault: it ends the service, which says what it lacks.
    private static bool IsOfTheNotices(Exception fault, CancellationToken stop) =>
        !DatabaseFault.IsOurs(fault) && fault is not UnreadableConfigException && !stop.IsCancellationRequested;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Told {Notices} notices, which became {Deliveries} deliveries")]
        public static partial void Told(ILogger logger, int notices, int deliveries);

        [LoggerMessage(2, LogLevel.Warning, "A full queue refused {Count} notifications; they are not published to it again")]
        public static partial void Refused(ILogger logger, int count);

        [LoggerMessage(3, LogLevel.Error, "The event {Type} {Id} of tenant {TenantId} could not be stored and reaches no subscription; its notification is published")]
        public static partial void NoEvent(ILogger logger, Exception fault, string type, string id, string tenantId);
    }
}
