using System.Collections.Concurrent;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Dispatcher.Deliveries.Reading;

/// <summary>An event's row.</summary>
internal readonly record struct EventKey(DateTimeOffset CreatedAt, string TenantId, string EventId);

/// <summary>
/// Finds the large events again that deliveries in hand have: what thousands of subscriptions get is in memory once, however many of them
/// are slow to take it.
/// </summary>
internal sealed class EventsInHand
{
    private const int FirstSweep = 64;

    private readonly ConcurrentDictionary<EventKey, WeakReference<AcceptedEvent>> _large = new();
    private volatile int _sweepAt = FirstSweep;
    private volatile bool _isUsed;

    public AcceptedEvent? Find(EventKey key) =>
        _isUsed && _large.TryGetValue(key, out var found) && found.TryGetTarget(out var known) ? known : null;

    /// <summary>What was read, if it is large.</summary>
    public void Add(EventKey key, AcceptedEvent read)
    {
        if (!read.IsLarge)
        {
            return;
        }

        _isUsed = true;
        _large[key] = new WeakReference<AcceptedEvent>(read);
        if (_large.Count >= _sweepAt)
        {
            // Twice as many as are left, so that each is looked at about once.
            Sweep();
            _sweepAt = Math.Max(FirstSweep, 2 * _large.Count);
        }
    }

    private void Sweep()
    {
        foreach (var entry in _large)
        {
            if (!entry.Value.TryGetTarget(out _))
            {
                _large.TryRemove(entry);
            }
        }
    }
}
