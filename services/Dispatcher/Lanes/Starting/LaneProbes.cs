using Webhooks.Dispatcher.Lanes.Reading;

namespace Webhooks.Dispatcher.Lanes.Starting;

/// <summary>
/// Which delivery is sent to see whether the receiver is back: the first one, but not the one that was the last probe,
/// unless there is no other. One that fails whatever becomes of the receiver, and is soon due again, would be every probe.
/// </summary>
internal sealed class LaneProbes
{
    private Guid? _last;

    public List<LaneEntry> Take(ILaneBacklog backlog)
    {
        var probe = backlog.Take(1);
        if (probe is [var first] && first.Id == _last && backlog.Take(1) is [var next])
        {
            backlog.Release(first.Id);
            // It is in nobody's hand now, and among what was read ahead no more: that is to be read again.
            backlog.Doubt();
            probe = [next];
        }

        _last = probe is [var taken] ? taken.Id : _last;
        return probe;
    }
}
