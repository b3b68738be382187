using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Notices;

namespace Webhooks.Publisher.Notices;

/// <summary>A notice that waits to be told.</summary>
/// <param name="Seq">Its place in the order.</param>
internal sealed record StoredNotice(long Seq, Notice Notice)
{
    /// <summary><c>delivery.exhausted</c> is told to subscriptions as <c>webhook.delivery_exhausted</c>.</summary>
    public string EventType { get; } = EventRules.ReservedTypes + Notice.Type.Replace('.', '_');

    /// <summary>UTC with three decimals.</summary>
    public string Timestamp { get; } = EventTime.From(Notice.OccurredAt).ToString();

    /// <summary>With the notice's own id: told again, it is a repeat of the same event, which is never fanned out twice.</summary>
    public AcceptedEvent ToEvent() => new()
    {
        Id = Notice.Id,
        Type = EventType,
        TenantId = Notice.TenantId,
        Timestamp = Timestamp,
        Version = "1.0",
        Data = Notice.Data,
        Traceparent = Notice.Traceparent,
    };
}
