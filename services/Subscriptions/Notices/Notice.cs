using Webhooks.Contracts;

namespace Webhooks.Subscriptions.Notices;

/// <summary>
/// Something that happened and is to be told, in the transaction that makes it happen: on the bus as a notification, and as
/// an event of a <c>webhook.…</c> type to the subscriptions that name it.
/// </summary>
/// <param name="Id">What it is about and its status; an event's id by its form.</param>
/// <param name="Type">One of <see cref="NotificationTypes"/>.</param>
/// <param name="Data">A minified JSON object.</param>
/// <param name="Traceparent">The W3C trace context in which it happened.</param>
public sealed record Notice(string Id, string TenantId, string Type, DateTimeOffset OccurredAt, byte[] Data, string? Traceparent = null)
{
    /// <summary>The id of what happened to a thing. No dot and no colon: it reaches every receiver and every queue as it is.</summary>
    public static string IdOf(string thing, string status) => $"{thing}_{status}";
}
