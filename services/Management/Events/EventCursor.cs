using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Management.Events;

/// <summary>The place in the events' list after which a page begins: an event's key. Opaque outside.</summary>
internal readonly record struct EventCursor(DateTimeOffset At, string TenantId, string EventId)
{
    private const byte List = (byte)'e';
    private const int Start = 1 + sizeof(long);

    // Neither a tenant's nor an event's id has one.
    private const char Between = '/';

    public string Write()
    {
        var bytes = new byte[Start + TenantId.Length + 1 + EventId.Length];
        bytes[0] = List;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(1), At.UtcTicks);
        Encoding.ASCII.GetBytes($"{TenantId}{Between}{EventId}", bytes.AsSpan(Start));
        return Base64Url.EncodeToString(bytes);
    }

    public static bool TryRead(string text, out EventCursor cursor)
    {
        cursor = default;
        if (!Base64Url.IsValid(text) || Base64Url.DecodeFromChars(text) is not [List, ..] bytes || bytes.Length < Start)
        {
            return false;
        }

        var ticks = BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(1));
        var ids = Encoding.ASCII.GetString(bytes.AsSpan(Start)).Split(Between);
        if (ticks < 0 || ticks > DateTimeOffset.MaxValue.UtcTicks || ids is not [var tenantId, var eventId] || !EventRules.IsTenantId(tenantId) || !EventRules.IsId(eventId))
        {
            return false;
        }

        cursor = new EventCursor(new DateTimeOffset(ticks, TimeSpan.Zero), tenantId, eventId);
        return true;
    }
}
