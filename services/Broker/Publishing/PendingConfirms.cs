namespace Webhooks.Broker.Publishing;

/// <summary>
/// The publishes of one channel that wait for the broker's word, by sequence number. RabbitMQ confirms singly or
/// "all up to"; a returned (unroutable) message is confirmed too, right after its return.
/// </summary>
internal sealed class PendingConfirms
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, Pending> _pending = [];
    private ulong _lowest = 1;
    private ulong _next = 1;

    /// <summary>The place of a message in the batch that waits for it.</summary>
    private readonly record struct Pending(PublishBatch Batch, int Index, long SentAt, OutgoingMessage? Named);

    /// <summary>Notes the next publish; must be called in the order of the publishes. Returns its sequence number.</summary>
    /// <param name="named">A message that is found by its own id when it is returned; null: it is found by its number.</param>
    public ulong Add(PublishBatch batch, int index, long timestamp, OutgoingMessage? named = null)
    {
        lock (_lock)
        {
            _pending.Add(_next, new Pending(batch, index, timestamp, named));
            return _next++;
        }
    }

    /// <summary>The broker's word on one publish, or on all up to it.</summary>
    public void Settle(ulong number, bool multiple, PublishOutcome outcome)
    {
        lock (_lock)
        {
            if (!multiple)
            {
                SettleOne(number, outcome);
                return;
            }

            for (; _lowest <= number; _lowest++)
            {
                SettleOne(_lowest, outcome);
            }
        }
    }

    /// <summary>The broker has no queue for a publish. Its confirm follows and must not count as stored.</summary>
    public void Returned(ulong number)
    {
        lock (_lock)
        {
            SettleOne(number, PublishOutcome.Unroutable);
        }
    }

    /// <summary>The same of a message that has an id of its own. False: no such one is in flight.</summary>
    public bool Returned(string exchange, string routingKey, string messageId)
    {
        lock (_lock)
        {
            // Returns are rare, and what is in flight is bounded. Twice the same id: the broker tells of them in their order.
            foreach (var (number, pending) in _pending.OrderBy(entry => entry.Key))
            {
                if (pending.Named is { } named && named.MessageId == messageId && named.Exchange == exchange && named.RoutingKey == routingKey)
                {
                    SettleOne(number, PublishOutcome.Unroutable);
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Settles all that is left, when the channel is lost.</summary>
    public void Abandon(PublishOutcome outcome)
    {
        lock (_lock)
        {
            foreach (var pending in _pending.Values)
            {
                pending.Batch.Settle(pending.Index, outcome);
            }

            _pending.Clear();
        }
    }

    /// <summary>The timestamp of the oldest publish still waiting, if any.</summary>
    public long? OldestSentAt()
    {
        lock (_lock)
        {
            while (_lowest < _next && !_pending.ContainsKey(_lowest))
            {
                _lowest++;
            }

            return _pending.TryGetValue(_lowest, out var oldest) ? oldest.SentAt : null;
        }
    }

    private void SettleOne(ulong number, PublishOutcome outcome)
    {
        if (_pending.Remove(number, out var pending))
        {
            pending.Batch.Settle(pending.Index, outcome);
        }
    }
}
