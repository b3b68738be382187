using Microsoft.Extensions.Logging;

namespace Webhooks.ServiceDefaults.Ending;

/// <summary>
/// Ends a process whose stop hangs. All that services do is safe against a kill, so nothing is gained by waiting for the one that an
/// orchestrator, or a person, would send in the end; and this one says what hung.
/// </summary>
internal sealed partial class LastResort : IDisposable
{
    // A log that nobody reads may be what hangs.
    private static readonly TimeSpan ToTell = TimeSpan.FromSeconds(3);

    private readonly ManualResetEvent _ended = new(initialState: false);
    private readonly CancellationToken _stopping;
    private readonly TimeSpan _longest;
    private readonly StopProgress _progress;
    private readonly ILoggerFactory _loggers;
    private readonly Action _kill;

    /// <param name="longest">How long the stop may take.</param>
    /// <param name="progress">Says what it waits for.</param>
    /// <param name="loggers">Disposed of before the kill.</param>
    /// <param name="kill">Ends this process, at once.</param>
    /// <param name="stopping">Told when the stop is asked for.</param>
    public LastResort(TimeSpan longest, StopProgress progress, ILoggerFactory loggers, Action kill, CancellationToken stopping)
    {
        (_longest, _progress, _loggers, _kill, _stopping) = (longest, progress, loggers, kill, stopping);
        // A thread of its own: the pool's may be what hangs, and the one that tells of the stop.
        new Thread(Watch) { IsBackground = true, Name = "last resort" }.Start();
    }

    /// <summary>The service has ended.</summary>
    public void Dispose() => _ended.Set();

    private void Watch()
    {
        // The handle is set before those are called who want to hear of a stop: one of them may never return.
        if (WaitHandle.WaitAny([_ended, _stopping.WaitHandle]) == 1 && !_ended.WaitOne(_longest))
        {
            var telling = new Thread(Tell) { IsBackground = true };
            telling.Start();
            telling.Join(ToTell);
            _kill();
        }
    }

    private void Tell()
    {
        Log.Hangs(_loggers.CreateLogger<LastResort>(), _longest.TotalSeconds, _progress.Present);
        // Writes what is waiting to be written.
        _loggers.Dispose();
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Told to stop, this service has not ended after {Seconds} s: it hangs in {Present}, and kills itself")]
        public static partial void Hangs(ILogger logger, double seconds, string present);
    }
}
