using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Webhooks.Load.Measuring;

/// <summary>
/// Looks how fast the machine itself is, until it is disposed of: every few milliseconds it does the same small sum, and sees how
/// much CPU time the system counts for it. Waiting for a processor that our own processes have does not count there. A virtual
/// machine whose host gives it no processor does: its clock goes on. So this tells a slow platform from a machine that stood still.
/// </summary>
internal sealed partial class MachineWatch : IDisposable
{
    private const int Additions = 50_000;

    // CLOCK_THREAD_CPUTIME_ID of clock_gettime(2).
    private const int ThreadCpuTime = 3;

    // In a tenth that is slow the mean sum takes at least half as much again as the usual one.
    private const double SlowFactor = 1.5;

    // At 70 % of the most, what piled up in two slow tenths has drained after half a second.
    private const int TenthsAfter = 5;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(4);
    private static readonly long TicksPerTenth = Stopwatch.Frequency / 10;

    private readonly List<(long Tenth, double Nanoseconds)> _sums = [];
    private readonly Thread _thread;
    private volatile bool _isStopped;

    public MachineWatch()
    {
        _thread = new Thread(Watch) { IsBackground = true, Name = "machine watch" };
        _thread.Start();
    }

    /// <summary>Ends the watch; answers what it saw.</summary>
    public MachineSpeed Stop()
    {
        Dispose();
        if (_sums.Count == 0)
        {
            return new MachineSpeed(0, _ => true);
        }

        var usual = _sums.Select(sum => sum.Nanoseconds).Order().ElementAt(_sums.Count / 2);
        var tenths = _sums.GroupBy(sum => sum.Tenth).ToList();
        var slow = tenths.Where(sums => sums.Average(sum => sum.Nanoseconds) > SlowFactor * usual).Select(sums => sums.Key).ToHashSet();
        return new MachineSpeed(
            Math.Round((double)slow.Count / tenths.Count, 3),
            at => !Enumerable.Range(-TenthsAfter, TenthsAfter + 2).Any(offset => slow.Contains((at / TicksPerTenth) + offset)));
    }

    public void Dispose()
    {
        _isStopped = true;
        _thread.Join();
    }

    private void Watch()
    {
        for (var last = 1UL; !_isStopped; Thread.Sleep(Pause))
        {
            var (at, before) = (Stopwatch.GetTimestamp(), ThreadNanoseconds());
            last = Sum(last);
            _sums.Add((at / TicksPerTenth, ThreadNanoseconds() - before));
        }
    }

    // Each step needs the one before, so that it takes as long as it takes; compiled once, so that it takes the same each time.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static ulong Sum(ulong value)
    {
        for (var step = 0; step < Additions; step++)
        {
            value = (value * 6364136223846793005UL) + 1;
        }

        return value;
    }

    private static double ThreadNanoseconds() =>
        GetTime(ThreadCpuTime, out var time) == 0 ? (time.Seconds * 1e9) + time.Nanoseconds : throw new InvalidOperationException("The system does not count the CPU time of threads.");

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetTime(int clock, out Time time);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Time
    {
        public readonly nint Seconds;
        public readonly nint Nanoseconds;
    }
}

/// <summary>What <see cref="MachineWatch"/> saw.</summary>
/// <param name="SlowShare">Of all tenths of a second, those in which the machine had less than two thirds of its usual speed.</param>
/// <param name="WasSteady">
/// Whether the machine kept its speed around a moment, as the stopwatch counts: in its tenth of a second, in the one after and in
/// the five before.
/// </param>
internal sealed record MachineSpeed(double SlowShare, Func<long, bool> WasSteady);
