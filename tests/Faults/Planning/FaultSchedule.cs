namespace Webhooks.Faults.Planning;

/// <summary>Plans a run's faults. Pure: the same seed and length plan the same.</summary>
internal static class FaultSchedule
{
    /// <summary>For the system to be under load before the first.</summary>
    public static readonly TimeSpan Beginning = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(8);

    /// <summary>Two rows of faults side by side: the system's, and the receivers'. Within a row none begins before another's end.</summary>
    public static FaultPlan Plan(int seed, TimeSpan length)
    {
        var chance = new Random(seed);
        return new FaultPlan(Row(chance, FaultKind.OfTheSystem, length), Row(chance, FaultKind.OfReceivers, length));
    }

    private static List<PlannedFault> Row(Random chance, IReadOnlyList<FaultKind> kinds, TimeSpan length)
    {
        var row = new List<PlannedFault>();
        var deck = new Queue<FaultKind>();
        var at = Beginning;
        while (true)
        {
            if (deck.Count == 0)
            {
                // Every kind comes before any comes again.
                deck = new Queue<FaultKind>(Shuffled(chance, kinds));
            }

            var kind = deck.Dequeue();
            var fault = new PlannedFault(kind, at, Duration(chance, kind), chance.Next(1000));
            if (fault.End > length)
            {
                return row;
            }

            row.Add(fault);
            at = fault.End + Between(ShortestPause, LongestPause, chance.NextDouble());
        }
    }

    private static FaultKind[] Shuffled(Random chance, IReadOnlyList<FaultKind> kinds)
    {
        var shuffled = kinds.ToArray();
        chance.Shuffle(shuffled);
        return shuffled;
    }

    // Cubed: most are short, so that there are many, and some outlast every patience.
    private static TimeSpan Duration(Random chance, FaultKind kind) =>
        Between(TimeSpan.FromSeconds(kind.Shortest), TimeSpan.FromSeconds(kind.Longest), Math.Pow(chance.NextDouble(), 3));

    private static TimeSpan Between(TimeSpan from, TimeSpan to, double share) => from + ((to - from) * share);
}

/// <summary>A run's faults, each row in order.</summary>
internal sealed record FaultPlan(IReadOnlyList<PlannedFault> OfTheSystem, IReadOnlyList<PlannedFault> OfReceivers);
