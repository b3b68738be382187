using Webhooks.Broker.Topology;
using Webhooks.Dispatcher.Deliveries;

namespace Webhooks.Dispatcher.Lanes.Starting;

/// <summary>What the look at an entry's row, right before it is sent, leads to.</summary>
internal enum LaneVerdict
{
    /// <summary>It has changed since it was found: it has ended, or its next attempt is due at another time.</summary>
    Leave,

    Send,

    /// <summary>Work on it has failed so often by a fault of our own that it is put aside.</summary>
    Park,

    /// <summary>The subscription takes it no more, or its event is not kept any more.</summary>
    Cancel,
}

/// <summary>Decides what an entry of a lane leads to. The row is the truth. Pure.</summary>
internal static class LaneLook
{
    /// <param name="entry">As it was found due.</param>
    /// <param name="row">As it is now; null: there is none.</param>
    /// <param name="accepts">Whether the subscription takes it, and its event is there.</param>
    /// <param name="faults">How often work on it has failed by a fault of our own.</param>
    public static LaneVerdict At(LaneEntry entry, DeliveryRow? row, bool accepts, int faults) => row switch
    {
        null => LaneVerdict.Leave,
        _ when row.LaneDueAt != entry.DueAt => LaneVerdict.Leave,
        _ when faults >= BrokerTopology.PoisonCount => LaneVerdict.Park,
        _ => accepts ? LaneVerdict.Send : LaneVerdict.Cancel,
    };
}
