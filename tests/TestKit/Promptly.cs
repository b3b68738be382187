namespace Webhooks.TestKit;

/// <summary>Holds what is to be quick to its bound on a machine that has the time. A busy one may hold any single round up.</summary>
public static class Promptly
{
    private const int Series = 10;

    /// <summary>Returns when in one series most of the rounds have kept the bound.</summary>
    /// <param name="bound">What the product promises.</param>
    /// <param name="rounds">Of a series.</param>
    /// <param name="round">Answers how long what is to be quick took, which may be a part of the round.</param>
    public static async Task MostAsync(TimeSpan bound, int rounds, Func<Task<TimeSpan>> round)
    {
        List<TimeSpan> took = [];
        for (var series = 0; series < Series; series++)
        {
            took.Clear();
            while (took.Count < rounds)
            {
                took.Add(await round());
                if (took.Count(time => time <= bound) * 2 > rounds)
                {
                    return;
                }
            }
        }

        throw new TimeoutException($"Never most of {rounds} within {bound.TotalSeconds} s; at last they took {string.Join(", ", took.Select(time => $"{time.TotalSeconds:0.000}"))} s.");
    }
}
