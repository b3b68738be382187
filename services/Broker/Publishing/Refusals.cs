namespace Webhooks.Broker.Publishing;

/// <summary>
/// Since when the broker refuses what is published over a channel, by where it goes: it takes what goes to other queues all the while, which
/// says nothing of this one.
/// </summary>
internal sealed class Refusals(TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Exchange, string RoutingKey), long> _since = [];

    /// <summary>
    /// The broker has spoken on these messages. Answers for how long it has taken nothing that goes where those go that it refused; the
    /// longest of these times.
    /// </summary>
    public TimeSpan Heard(IReadOnlyList<OutgoingMessage> messages, IReadOnlyList<PublishOutcome> outcomes)
    {
        var longest = TimeSpan.Zero;
        lock (_lock)
        {
            if (_since.Count == 0 && !outcomes.Contains(PublishOutcome.Refused))
            {
                return longest;
            }

            foreach (var (message, outcome) in messages.Zip(outcomes))
            {
                var way = (message.Exchange, message.RoutingKey);
                if (outcome == PublishOutcome.Confirmed)
                {
                    _since.Remove(way);
                }
                else if (outcome == PublishOutcome.Refused && !_since.TryAdd(way, clock.GetTimestamp()) && clock.GetElapsedTime(_since[way]) is var time && time > longest)
                {
                    longest = time;
                }
            }
        }

        return longest;
    }
}
