namespace Webhooks.Dispatcher.Lanes.Reading;

/// <summary>The deliveries of a lane that are being worked on, whichever way they were found. Changed from anywhere.</summary>
internal sealed class LaneHands
{
    private readonly HashSet<Guid> _taken = [];

    public int Count
    {
        get
        {
            lock (_taken)
            {
                return _taken.Count;
            }
        }
    }

    public bool Has(Guid deliveryId)
    {
        lock (_taken)
        {
            return _taken.Contains(deliveryId);
        }
    }

    /// <summary>False: it is in hand already.</summary>
    public bool TryTake(Guid deliveryId)
    {
        lock (_taken)
        {
            return _taken.Add(deliveryId);
        }
    }

    public void Release(Guid deliveryId)
    {
        lock (_taken)
        {
            _taken.Remove(deliveryId);
        }
    }
}
