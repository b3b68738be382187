namespace Webhooks.Dispatcher.Owed;

/// <summary>A dispatcher's note of a queue, as its reader finds it.</summary>
/// <param name="Queue">Which.</param>
/// <param name="Mark">All that came to the queue before this moment had been taken from it, and was not in that dispatcher's hand any more.</param>
/// <param name="Age">Since it was noted.</param>
/// <param name="FreshAge">Since that dispatcher last took a message that nobody had held, or found the queue empty; null: never.</param>
internal readonly record struct NotedMark(string Queue, DateTimeOffset Mark, TimeSpan Age, TimeSpan? FreshAge);

/// <summary>Decides up to which time all that came to queues has come through them: what should have and did not is lost.</summary>
internal static class QueueMarks
{
    /// <summary>Within this a broker has noticed that a dispatcher is dead, and given back what that had in hand.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    /// <summary>The mark of the slowest of the queues. Null: of one nobody knows how far it has come, and then nothing in it is known to be lost.</summary>
    public static DateTimeOffset? Least(IReadOnlyList<NotedMark> notes, IEnumerable<string> queues)
    {
        DateTimeOffset? least = null;
        foreach (var queue in queues)
        {
            if (Of([.. notes.Where(note => note.Queue == queue)]) is not { } mark)
            {
                return null;
            }

            least = least < mark ? least : mark;
        }

        return least;
    }

    private static DateTimeOffset? Of(List<NotedMark> notes)
    {
        var living = notes.Where(note => note.Age < Silence).ToList();
        if (living.Count == 0)
        {
            return null;
        }

        // What a dead one held is handed out before anything new is. So it counts until, some time after it fell silent, one
        // that lives has got something new, or found nothing.
        var freshAge = living.Min(note => note.FreshAge ?? TimeSpan.MaxValue);
        var counting = notes.Where(note => note.Age < Silence || freshAge > note.Age - Silence).ToList();
        // One that has just joined says what it has in hand. What came before that, it does not know.
        return counting.Any(note => note.FreshAge is not null) ? counting.Min(note => note.Mark) : null;
    }
}
