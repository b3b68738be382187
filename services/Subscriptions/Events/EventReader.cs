using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Webhooks.Subscriptions.Events;

/// <summary>Reads an event as it came in, over AMQP or HTTP: plain JSON or MassTransit's envelope (section 1 of the contract).</summary>
public static class EventReader
{
    /// <summary>How many bytes an event may have as sent, its envelope included.</summary>
    public const int DefaultMaxBytes = 256 * 1024;

    /// <summary>Reads an event; nothing of <paramref name="body"/> is kept.</summary>
    /// <param name="body">Exactly as received.</param>
    /// <param name="contentType">Of the message or request; only MassTransit's makes a difference.</param>
    /// <param name="tenantId">Whose event it is when the body names no tenant. Null: the body must name one.
    /// When both are there the body's is in the answer, and whether it may differ is the caller's matter.</param>
    /// <param name="maxBytes">More than these are refused unread.</param>
    /// <param name="reserved">Takes the system's own types, too; nothing that comes from outside may have one.</param>
    public static EventReading Read(
        ReadOnlySpan<byte> body, string? contentType = null, string? tenantId = null, int maxBytes = DefaultMaxBytes, bool reserved = false)
    {
        if (body.Length > maxBytes)
        {
            return Refuse(RefusalReason.TooLarge, string.Create(
                CultureInfo.InvariantCulture, $"The event has {body.Length} bytes; at most {maxBytes} are allowed."));
        }

        // Once for all, because the JSON reader looks at a string's bytes only when the string is asked for.
        if (!Utf8.IsValid(body))
        {
            return Refuse(RefusalReason.NotJson, "The body is not UTF-8.");
        }

        try
        {
            var envelope = EventEnvelope.Open(body, contentType);
            return envelope.Fault is { } fault ? Refuse([fault]) : ReadEvent(envelope, tenantId, reserved);
        }
        catch (JsonException exception)
        {
            return Refuse(RefusalReason.NotJson, string.Create(
                CultureInfo.InvariantCulture,
                $"The body is not JSON: it breaks off or goes wrong in line {exception.LineNumber + 1} at byte {exception.BytePositionInLine + 1}."));
        }
    }

    private static EventReading ReadEvent(EventEnvelope envelope, string? tenantId, bool reserved)
    {
        var members = new EventMembers(envelope.Pointer, reserved);
        members.Read(envelope.Event);
        return members.TryFinish(tenantId, out var accepted) ? new EventReading.Accepted(accepted) : Refuse(members.Faults);
    }

    private static EventReading.Refused Refuse(IReadOnlyList<EventFault> faults) => new(
        RefusalReason.InvalidEvent,
        $"The event is refused: {string.Join("; ", faults.Select(fault => $"{(fault.Pointer is "" ? "it" : fault.Pointer)} {fault.Claim}"))}.",
        faults);

    private static EventReading.Refused Refuse(RefusalReason reason, string detail) => new(reason, detail, []);
}
