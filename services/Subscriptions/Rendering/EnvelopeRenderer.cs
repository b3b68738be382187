using System.Buffers;
using System.Globalization;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Profiles;

namespace Webhooks.Subscriptions.Rendering;

/// <summary>
/// Writes the body that a receiver gets. The same event in the same profile gives the same bytes each time, on every
/// machine: a delivery's body is not stored but rendered again for each attempt.
/// </summary>
public static class EnvelopeRenderer
{
    // Enough for everything but data and metadata; more is taken when it is needed.
    private const int RoomForNames = 1024;

    public static ReadOnlyMemory<byte> Render(Profile profile, AcceptedEvent accepted)
    {
        ArgumentNullException.ThrowIfNull(profile);
        ArgumentNullException.ThrowIfNull(accepted);

        var output = new ArrayBufferWriter<byte>(RoomForNames + accepted.Data.Length + (accepted.Metadata?.Length ?? 0));
        output.Write("{"u8);
        foreach (var field in profile.Envelope)
        {
            AppendField(output, field, accepted);
        }

        output.Write("}"u8);
        return output.WrittenMemory;
    }

    private static void AppendField(ArrayBufferWriter<byte> output, EnvelopeField field, AcceptedEvent accepted)
    {
        switch (field.Value)
        {
            case EnvelopeValue.EventId: AppendText(output, field, accepted.Id); break;
            case EnvelopeValue.EventType: AppendText(output, field, accepted.Type); break;
            case EnvelopeValue.Timestamp: AppendText(output, field, accepted.Timestamp ?? throw NoTimestamp()); break;
            case EnvelopeValue.TimestampUtcMilliseconds: AppendText(output, field, MomentOf(accepted).ToString()); break;
            case EnvelopeValue.TimestampUnixSeconds: AppendNumber(output, field, MomentOf(accepted).UnixSeconds); break;
            case EnvelopeValue.Version: AppendText(output, field, accepted.Version); break;
            case EnvelopeValue.TenantId: AppendText(output, field, accepted.TenantId); break;
            case EnvelopeValue.ContextId: AppendText(output, field, accepted.ContextId); break;
            case EnvelopeValue.Data: AppendJson(output, field, accepted.Data); break;
            case EnvelopeValue.Metadata: AppendJson(output, field, accepted.Metadata); break;
            case EnvelopeValue.FixedText: AppendText(output, field, field.Argument); break;
            case EnvelopeValue.DataMember: AppendJson(output, field, JsonMember.Find(accepted.Data, field.Argument)); break;
            default: throw new InvalidOperationException($"No value is known for the envelope's member '{field.Name}'.");
        }
    }

    private static void AppendText(ArrayBufferWriter<byte> output, EnvelopeField field, string? text)
    {
        if (text is not null)
        {
            AppendName(output, field);
            output.Append(text);
        }
    }

    private static void AppendNumber(ArrayBufferWriter<byte> output, EnvelopeField field, long number)
    {
        const int longest = 20;
        AppendName(output, field);
        number.TryFormat(output.GetSpan(longest), out var written, default, CultureInfo.InvariantCulture);
        output.Advance(written);
    }

    private static void AppendJson(ArrayBufferWriter<byte> output, EnvelopeField field, ReadOnlyMemory<byte>? json)
    {
        // Empty is absent too: a null array becomes an empty memory, not a null one.
        if (json is { IsEmpty: false } value)
        {
            AppendName(output, field);
            output.Write(value.Span);
        }
    }

    private static void AppendName(ArrayBufferWriter<byte> output, EnvelopeField field)
    {
        // After the opening brace comes the first member, before which there is no comma.
        if (output.WrittenCount > 1)
        {
            output.Write(","u8);
        }

        output.Append(field.Name);
        output.Write(":"u8);
    }

    private static EventTime MomentOf(AcceptedEvent accepted) =>
        EventTime.TryParse(accepted.Timestamp, out var moment) ? moment : throw NoTimestamp();

    private static InvalidOperationException NoTimestamp() =>
        new("The event has no timestamp: it gets one when it is accepted, and is rendered only after that.");
}
