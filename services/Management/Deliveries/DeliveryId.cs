namespace Webhooks.Management.Deliveries;

/// <summary>A delivery's id carries the millisecond of its event's acceptance, and so names its partition.</summary>
internal static class DeliveryId
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    /// <summary>The millisecond in which the row's created_at lies: from inclusive, to exclusive. False: no delivery has such an id.</summary>
    public static bool TryReadMoment(Guid id, out DateTimeOffset from, out DateTimeOffset to)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        var milliseconds = 0L;
        foreach (var part in bytes[..6])
        {
            milliseconds = (milliseconds << 8) | part;
        }

        (from, to) = (default, default);
        if (id.Version != 7 || milliseconds >= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
        {
            return false;
        }

        from = DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
        to = from + Millisecond;
        return true;
    }
}
