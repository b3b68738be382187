using System.Diagnostics;
using System.Globalization;

namespace Webhooks.TestKit;

/// <summary>What the machine that the tests run on has to give.</summary>
internal static class Machine
{
    // So many threads want each core. One test more would make all that run late, and end none of them sooner.
    private const double Crowded = 5;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.5);

    // Nanoseconds on a core, nanoseconds of waiting for one, turns. A kernel may be built without.
    private const string Account = "/proc/thread-self/schedstat";

    // Long enough for the others to have had their turns meanwhile.
    private static readonly TimeSpan Sample = TimeSpan.FromMilliseconds(10);

    /// <summary>Waits a while for others, of this test run or of another one beside it, as long as they have the machine busy.</summary>
    public static async Task HaveRoomAsync()
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < LongestWait && await Task.Factory.StartNew(Slowdown, TaskCreationOptions.LongRunning) > Crowded;)
        {
            await Task.Delay(Interval);
        }
    }

    /// <summary>How many times longer than its work a thread takes. By its own account: what a machine says of its load is, in a container, another one's.</summary>
    private static double Slowdown()
    {
        if (!File.Exists(Account))
        {
            return 1;
        }

        var (begun, wall) = (CpuTime(), Stopwatch.StartNew());
        while (CpuTime() - begun < Sample)
        {
            Thread.SpinWait(10_000);
        }

        return wall.Elapsed / (CpuTime() - begun);
    }

    private static TimeSpan CpuTime()
    {
        var account = File.ReadAllText(Account);
        return TimeSpan.FromMicroseconds(long.Parse(account.AsSpan(0, account.IndexOf(' ')), CultureInfo.InvariantCulture) / 1000.0);
    }
}
