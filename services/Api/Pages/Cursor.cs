using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;

namespace Webhooks.Api.Pages;

/// <summary>The place in a list after which a page begins: a row's key. Opaque outside.</summary>
/// <param name="At">The row's time; the Unix epoch where the id alone is the key.</param>
/// <param name="Id">The row's id.</param>
internal readonly record struct Cursor(DateTimeOffset At, Guid Id)
{
    private const int Size = 1 + 8 + 16;

    /// <summary>The place in a list whose key is the id alone.</summary>
    public static Cursor Of(Guid id) => new(DateTimeOffset.UnixEpoch, id);

    // The list it belongs to goes in as one letter, so that one list's cursor is not taken by another.
    public string Write(char list)
    {
        Span<byte> bytes = stackalloc byte[Size];
        bytes[0] = (byte)list;
        BinaryPrimitives.WriteInt64BigEndian(bytes[1..], At.UtcTicks);
        Id.TryWriteBytes(bytes[9..], bigEndian: true, out _);
        return Base64Url.EncodeToString(bytes);
    }

    public static bool TryRead(char list, string text, out Cursor cursor)
    {
        cursor = default;
        Span<byte> bytes = stackalloc byte[Size];
        if (Base64Url.DecodeFromChars(text, bytes, out _, out var length) != OperationStatus.Done || length != Size || bytes[0] != list)
        {
            return false;
        }

        var ticks = BinaryPrimitives.ReadInt64BigEndian(bytes[1..]);
        if (ticks < 0 || ticks > DateTimeOffset.MaxValue.UtcTicks)
        {
            return false;
        }

        cursor = new Cursor(new DateTimeOffset(ticks, TimeSpan.Zero), new Guid(bytes[9..], bigEndian: true));
        return true;
    }
}
