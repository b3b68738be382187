namespace Webhooks.Broker.Consuming.Windows;

/// <summary>
/// Decides how many messages each window of a channel has: as many as whoever holds them asks for, or as there is room for, and no more
/// than caution allows.
/// </summary>
/// <param name="parts">The consumer's.</param>
/// <param name="firstWindow">Who holds them; null: nobody asks.</param>
/// <param name="acks">The channel's.</param>
internal sealed class WindowSizes(ConsumerParts parts, Func<ushort>? firstWindow, AckWriter acks)
{
    private readonly WindowRoom _room = new(parts.Queue.Prefetch, parts.Clock);

    /// <summary>What a channel, and what follows a pause, begins with; 0: nothing yet.</summary>
    public ushort First() => parts.Caution.Of(firstWindow is { } first ? first() : _room.First(acks.InHand));

    /// <summary>A window has begun, or none is wanted.</summary>
    public void Reset() => _room.Reset();

    /// <summary>What is to follow a window that has lasted for a while; null: it may stay.</summary>
    /// <param name="present">How many messages it began with.</param>
    public ushort? Instead(ushort present)
    {
        var wasCareful = parts.Caution.IsOn;
        parts.Caution.GoWell(parts.Received.Count, acks.HasWorked);
        if (wasCareful)
        {
            return First() is var more && more > present ? more : null;
        }

        return firstWindow is null ? _room.Wider(present, acks.InHand) : null;
    }
}
