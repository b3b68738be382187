namespace Webhooks.Dispatcher.Owed;

/// <summary>
/// Holds a mark where it was until the connection is older than a time, the first mark of all where it is. Whatever fell due in
/// delay queues while the broker was away comes after its return, and would be taken for lost by what comes, in time, before it.
/// </summary>
internal sealed class SettledMark(TimeSpan settling)
{
    private DateTimeOffset? _last;

    /// <param name="mark">As the queue would have it.</param>
    /// <param name="connectedFor">How old the connection is.</param>
    /// <returns>The mark to go by, null if there is none yet, and whether it is the queue's own. One that is not only holds others back.</returns>
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
