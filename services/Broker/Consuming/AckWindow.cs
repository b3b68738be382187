namespace Webhooks.Broker.Consuming;

/// <summary>An ack to write: one message, or all up to it.</summary>
internal readonly record struct Ack(ulong Tag, bool Multiple);

/// <summary>
/// Turns the many ends of messages into few acks. Every ack is a command in the queue's replicated log, so whole runs
/// are acknowledged at once; a message whose older neighbour is still being worked on is acknowledged alone, one round later.
/// </summary>
internal sealed class AckWindow
{
    private readonly HashSet<ulong> _done = [];
    private readonly HashSet<ulong> _alone = [];
    private List<ulong> _waiting = [];
    private ulong _lowest = 1;

    /// <summary>A message of this channel is finished. Tags count up from 1.</summary>
    public void Finish(ulong tag) => _done.Add(tag);

    /// <summary>The acks that are due now.</summary>
    public void Drain(List<Ack> acks)
    {
        AcknowledgeRun(acks);
        AcknowledgeThoseLeftBehind(acks);
        _waiting = [.. _done];
    }

    private void AcknowledgeRun(List<Ack> acks)
    {
        var first = _lowest;
        var last = 0UL;
        for (; ; _lowest++)
        {
            if (_done.Remove(_lowest))
            {
                last = _lowest;
            }
            else if (!_alone.Remove(_lowest))
            {
                break;
            }
        }

        if (last != 0)
        {
            acks.Add(new Ack(last, Multiple: last != first));
        }
    }

    private void AcknowledgeThoseLeftBehind(List<Ack> acks)
    {
        foreach (var tag in _waiting)
        {
            if (_done.Remove(tag))
            {
                _alone.Add(tag);
                acks.Add(new Ack(tag, Multiple: false));
            }
        }
    }
}
