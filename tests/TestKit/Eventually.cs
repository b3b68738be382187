using System.Diagnostics;

namespace Webhooks.TestKit;

/// <summary>Waits for a condition instead of for a time.</summary>
public static class Eventually
{
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromMilliseconds(500);

    /// <param name="condition">Asked again after as long as asking took, but 20 ms at least and half a second at most; an exception is the test's failure, not a "not yet".</param>
    /// <param name="limit">Generous: it is only reached when the test fails.</param>
    /// <param name="describe">What was waited for, and what was there instead; asked at the limit.</param>
    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan limit, Func<string> describe)
    {
        var waited = Stopwatch.StartNew();
        for (var asked = TimeSpan.Zero; !await condition(); asked = waited.Elapsed)
        {
            if (waited.Elapsed > limit)
            {
                throw new TimeoutException($"Not within {limit.TotalSeconds:0.#} s: {describe()}");
            }

            // A question that is a process of its own would otherwise take a busy machine's time from what it asks about.
            var asking = waited.Elapsed - asked;
            await Task.Delay(asking < ShortestInterval ? ShortestInterval : asking > LongestInterval ? LongestInterval : asking);
        }
    }

    public static Task TrueAsync(Func<bool> condition, TimeSpan limit, Func<string> describe) =>
        TrueAsync(() => Task.FromResult(condition()), limit, describe);

    public static Task TrueAsync(Func<bool> condition, TimeSpan limit, string describe) =>
        TrueAsync(condition, limit, () => describe);

    public static Task TrueAsync(Func<Task<bool>> condition, TimeSpan limit, string describe) =>
        TrueAsync(condition, limit, () => describe);
}
