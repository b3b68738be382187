using System.Diagnostics;

namespace Webhooks.TestKit;

/// <summary>Waits for a condition instead of for a time.</summary>
public static class Eventually
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <param name="condition">Asked every 20 ms; an exception is the test's failure, not a "not yet".</param>
    /// <param name="limit">Generous: it is only reached when the test fails.</param>
    /// <param name="describe">What was waited for, and what was there instead; asked at the limit.</param>
    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan limit, Func<string> describe)
    {
        var waited = Stopwatch.StartNew();
        while (!await condition())
        {
            if (waited.Elapsed > limit)
            {
                throw new TimeoutException($"Not within {limit.TotalSeconds:0.#} s: {describe()}");
            }

            await Task.Delay(Interval);
        }
    }

    public static Task TrueAsync(Func<bool> condition, TimeSpan limit, Func<string> describe) =>
        TrueAsync(() => Task.FromResult(condition()), limit, describe);

    public static Task TrueAsync(Func<bool> condition, TimeSpan limit, string describe) =>
        TrueAsync(condition, limit, () => describe);

    public static Task TrueAsync(Func<Task<bool>> condition, TimeSpan limit, string describe) =>
        TrueAsync(condition, limit, () => describe);
}
