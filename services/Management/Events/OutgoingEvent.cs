using Webhooks.Api.Access;
using Webhooks.Api.Problems;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Management.Events;

/// <summary>An event on its way to the bus.</summary>
/// <param name="Event">As read and checked.</param>
/// <param name="Body">The bytes to publish.</param>
internal readonly record struct OutgoingEvent(AcceptedEvent Event, ReadOnlyMemory<byte> Body)
{
    /// <exception cref="RefusedException">400, 403 or 413.</exception>
    public static OutgoingEvent Read(byte[] body, Caller caller, int limit)
    {
        // What names its tenant goes on exactly as it was sent; only what does not is written anew.
        if (EventReader.Read(body, maxBytes: limit) is EventReading.Accepted complete)
        {
            caller.RefuseForeign(complete.Event.TenantId);
            return new OutgoingEvent(complete.Event, body);
        }

        switch (EventReader.Read(body, tenantId: caller.TenantId, maxBytes: limit))
        {
            case EventReading.Accepted accepted:
                var written = EventWriter.Write(accepted.Event);
                return written.Length <= limit ? new OutgoingEvent(accepted.Event, written) : throw new RefusedException(Problem.TooLarge(limit));
            case EventReading.Refused refused:
                throw new RefusedException(Of(refused, limit));
            default:
                throw new InvalidOperationException("An event is accepted or refused.");
        }
    }

    private static Problem Of(EventReading.Refused refused, int limit) => refused.Reason switch
    {
        RefusalReason.NotJson => Problem.MalformedJson(refused.Detail),
        RefusalReason.TooLarge => Problem.TooLarge(limit),
        _ => Problem.Invalid([.. refused.Faults.Select(fault => new FieldError(fault.Pointer, fault.Code, fault.Message))]),
    };
}
