namespace Webhooks.Dispatcher.Hands;

/// <summary>
/// Decides whether the broker's window fits what may still be taken in hand. Pure. Messages that announce one delivery each want
/// a wide one, full ones a narrow one; and a message that is held for the sake of one slow delivery takes up a place in the
/// window, and hardly any in the hand. Another window costs the broker two commands: only one that is far off is changed.
/// No window is as wide as it could be: behind messages of one delivery may stand full ones, which come before anybody knows of them.
/// </summary>
internal static class WindowFit
{
    /// <summary>How many messages the window should have instead; null: it may stay.</summary>
    /// <param name="most">Deliveries that may be in hand.</param>
    /// <param name="inHand">Of these, those that are.</param>
    /// <param name="free">Messages that the broker would still hand over.</param>
    /// <param name="size">Deliveries of a message, on average; at least 1.</param>
    public static ushort? Instead(int most, int inHand, int free, double size)
    {
        var room = Math.Max(0, most - inHand);
        // One message at least: when the present window is too wide, that is as narrow as one can be.
        var fitting = Math.Max((ushort)1, First(most, inHand, size));
        var isTooNarrow = room >= most / 8 && free < fitting / 2;
        var isTooWide = free * size > (2 * room) + (most / 4);
        return isTooNarrow || isTooWide ? fitting : null;
    }

    /// <summary>How many messages a window should have that begins now; 0: there is no room for one.</summary>
    /// <param name="most">Deliveries that may be in hand.</param>
    /// <param name="inHand">Of these, those that are.</param>
    /// <param name="size">Deliveries of a message, on average; at least 1.</param>
    public static ushort First(int most, int inHand, double size) =>
        (ushort)Math.Min(Math.Min(Math.Max(0, most - inHand) / size, most / 8), ushort.MaxValue);
}
