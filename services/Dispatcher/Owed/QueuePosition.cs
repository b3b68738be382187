using Webhooks.Broker.Deliveries;

namespace Webhooks.Dispatcher.Owed;

/// <summary>
/// How far a consumer has come in its queue, and what of it is in hand. Queues are FIFO: when a message has been taken,
/// everything that came before it has been, too. What a dead holder, or a lost connection, gave back is the exception (see <see cref="QueueMarks"/>).
/// </summary>
internal sealed class QueuePosition
{
    private readonly Lock _lock = new();
    private readonly List<(DateTimeOffset Time, Func<bool> IsFinished)> _held = [];
    private readonly Func<DeliveryMessage, DateTimeOffset> _timeOf;
    private DateTimeOffset? _passed;
    private DateTimeOffset? _givenBack;
    private bool _isFresh;

    private QueuePosition(Func<DeliveryMessage, DateTimeOffset> timeOf) => _timeOf = timeOf;

    /// <summary>By when the events were accepted, which is the order of their announcement: that of a large one may take minutes.</summary>
    public static QueuePosition OfFirstAttempts() => new(message => message.CreatedAt);

    /// <summary>By when the attempts are due, which is when they come, through a delay queue or not.</summary>
    public static QueuePosition OfRetries() => new(message => message.EnqueuedAt);

    /// <param name="message">What was taken.</param>
    /// <param name="redelivered">Somebody has given it back, so it may be out of order.</param>
    /// <param name="isFinished">Whether it is no longer in hand.</param>
    public void Took(DeliveryMessage message, bool redelivered, Func<bool> isFinished)
    {
        var time = _timeOf(message);
        lock (_lock)
        {
            _held.Add((time, isFinished));
            if (!redelivered)
            {
                (_passed, _isFresh, _givenBack) = (time, true, null);
            }
        }
    }

    /// <summary>Nothing was in the queue that had come to it by <paramref name="time"/>.</summary>
    public void FoundEmpty(DateTimeOffset time)
    {
        lock (_lock)
        {
            (_passed, _isFresh, _givenBack) = (time, true, null);
        }
    }

    /// <summary>
    /// What was in hand stands in the queue again, before all that is new: until something new is taken, or the queue found empty, it may not
    /// have been handed to anybody.
    /// </summary>
    public void GaveBack(DeliveryMessage message)
    {
        var time = _timeOf(message);
        lock (_lock)
        {
            _givenBack = _givenBack < time ? _givenBack : time;
        }
    }

    /// <summary>Forgets what is finished; false: nothing was.</summary>
    public bool Forget()
    {
        lock (_lock)
        {
            return _held.RemoveAll(message => message.IsFinished()) > 0;
        }
    }

    /// <summary>
    /// All that came to the queue before this moment was taken, and is not in hand any more; null: nothing is known. Fresh: something
    /// new was taken, or the queue found empty, since the last call.
    /// </summary>
    public (DateTimeOffset? Mark, bool IsFresh) Mark()
    {
        lock (_lock)
        {
            _held.RemoveAll(message => message.IsFinished());
            var oldest = _held.Count == 0 ? _givenBack : _held.Select(message => message.Time).Append(_givenBack ?? DateTimeOffset.MaxValue).Min();
            var mark = oldest is null || _passed < oldest ? _passed : oldest;
            var isFresh = _isFresh;
            _isFresh = false;
            return (mark, isFresh);
        }
    }
}
