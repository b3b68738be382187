namespace Webhooks.Broker.Consuming.Windows;

/// <summary>
/// Decides how many messages a window may begin with while some are still in hand, and when a narrow one, which would stay so,
/// gives way to a wider one. What cannot be worked off must not keep the rest of the queue waiting.
/// </summary>
internal sealed class WindowRoom(ushort prefetch, TimeProvider clock)
{
    // What is in hand is mostly worked off at once: then there is no narrow window at all.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private long? _since;

    /// <summary>0: not yet. Half of the prefetch at least; when that lasts, whatever there is.</summary>
    public ushort First(int inHand)
    {
        _since ??= clock.GetTimestamp();
        var room = Of(inHand);
        var isEnough = IsWide(room) || clock.GetElapsedTime(_since.Value) >= Patience;
        return isEnough ? room : (ushort)0;
    }

    /// <summary>A window has begun, or none is wanted: the next one waits anew.</summary>
    public void Reset() => _since = null;

    /// <summary>How many another one is to begin with; null: the present one is wide enough, or there is no room yet.</summary>
    public ushort? Wider(ushort present, int inHand) => !IsWide(present) && Of(inHand) is var room && IsWide(room) ? room : null;

    private bool IsWide(int messages) => messages * 2 >= prefetch;

    private ushort Of(int inHand) => (ushort)Math.Max(0, prefetch - inHand);
}
