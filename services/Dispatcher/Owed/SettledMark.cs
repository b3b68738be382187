namespace Webhooks.Dispatcher.Owed;

/// <summary>
/// Keeps a mark where it was until the connection is old enough (the very first mark where it is). What fell due in delay queues while
/// the broker was away comes some time after its return; messages that come on time before it would make it look lost.
/// </summary>
internal sealed class SettledMark(TimeSpan settling)
{
    private DateTimeOffset? _last;

    /// <param name="mark">As the queue would have it.</param>
    /// <param name="connectedFor">How old the connection is.</param>
    /// <returns>The mark to go by (null: there is none yet), and whether it is the queue's own. If not, it only keeps the least of all marks back.</returns>
    public (DateTimeOffset? Mark, bool IsSettled) Of(DateTimeOffset? mark, TimeSpan connectedFor)
    {
        if (connectedFor < settling)
        {
            _last ??= mark;
            return (mark < _last ? mark : _last, false);
        }

        _last = mark;
        return (mark, true);
    }
}
