using System.Buffers;

namespace Webhooks.Subscriptions.Events;

/// <summary>Writes an event as plain JSON, the form in which <see cref="EventReader"/> reads it from the bus.</summary>
public static class EventWriter
{
    /// <summary>A tenant that came from elsewhere than the body stands in it; an absent timestamp stays absent.</summary>
    public static ReadOnlyMemory<byte> Write(AcceptedEvent accepted)
    {
        ArgumentNullException.ThrowIfNull(accepted);

        var output = new ArrayBufferWriter<byte>(512 + accepted.Data.Length + (accepted.Metadata?.Length ?? 0));
        output.Write("{\"id\":"u8);
        output.Append(accepted.Id);
        output.AppendMember(",\"type\":"u8, accepted.Type);
        output.AppendMember(",\"timestamp\":"u8, accepted.Timestamp);
        output.AppendMember(",\"version\":"u8, accepted.Version);
        output.AppendMember(",\"tenant_id\":"u8, accepted.TenantId);
        output.AppendMember(",\"context_id\":"u8, accepted.ContextId);
        output.Write(",\"data\":"u8);
        output.Write(accepted.Data.Span);
        if (accepted.Metadata is { IsEmpty: false } metadata)
        {
            output.Write(",\"metadata\":"u8);
            output.Write(metadata.Span);
        }

        output.Write("}"u8);
        return output.WrittenMemory;
    }

    private static void AppendMember(this ArrayBufferWriter<byte> output, ReadOnlySpan<byte> name, string? text)
    {
        if (text is not null)
        {
            output.Write(name);
            output.Append(text);
        }
    }
}
