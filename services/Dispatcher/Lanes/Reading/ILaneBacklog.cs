namespace Webhooks.Dispatcher.Lanes.Reading;

/// <summary>
/// What of a lane may be started next, read ahead: in the order of (due, accepted), or the oldest of each key. Belongs to the
/// lane's loop; only <see cref="Release"/> may be called by others.
/// </summary>
internal interface ILaneBacklog
{
    /// <summary>How many may be taken.</summary>
    public int Ready { get; }

    /// <summary>What is due is to be read: there may be some, or what was read is old.</summary>
    public bool NeedsReading { get; }

    /// <summary>How long until something is to be read again; null: not before there is news.</summary>
    public TimeSpan? UntilNext { get; }

    /// <summary>What is released is looked for by itself, and is no news.</summary>
    public bool AsksForReleased { get; }

    /// <summary>There may be new ones.</summary>
    public void Doubt();

    /// <summary>False: the lane is not this dispatcher's any more.</summary>
    public Task<bool> ReadAsync(HeldLane lane, LaneReads reads, CancellationToken stop);

    /// <summary>Takes the next ones into hand.</summary>
    public List<LaneEntry> Take(int count);

    /// <summary>Work on one has ended, or was not begun.</summary>
    public void Release(Guid deliveryId);
}
