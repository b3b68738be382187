using Microsoft.Extensions.Logging;

namespace Webhooks.Dispatcher.Retention;

/// <summary>Takes away what is older than the retention, when the clocks can be trusted.</summary>
internal sealed partial class RetentionKeeper(
    RetentionClockStore clocks, DayExpiry days, SweepStore rows, RetentionOptions options, TimeProvider clock, ILogger<RetentionKeeper> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>Keeps until the leadership ends.</summary>
    public async Task RunAsync(CancellationToken leading)
    {
        while (true)
        {
            await RunOnceAsync(leading);
            await Task.Delay(Interval, clock, leading);
        }
    }

    private async Task RunOnceAsync(CancellationToken leading)
    {
        var seen = await clocks.ReadAsync(leading);
        switch (RetentionVerdict.Of(seen, TimeSpan.FromDays(options.RetentionDays)))
        {
            case RetentionVerdict.Distrust distrust:
                // Not remembered: the one that is wrong may be the database's.
                Log.Distrusted(logger, distrust.Difference);
                break;
            case RetentionVerdict.HoldOff hold:
                if (hold.Leap is { } leap)
                {
                    Log.Leapt(logger, leap.TotalDays, hold.Until);
                }

                await clocks.WriteAsync(seen.DatabaseNow, hold.Until, leading);
                break;
            case RetentionVerdict.KeepFrom keep:
                await clocks.WriteAsync(seen.DatabaseNow, heldUntil: null, leading);
                await days.RunAsync(keep.Moment, leading);
                await rows.DeleteBeforeAsync(keep.Moment, leading);
                break;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "This machine's clock and the database's differ by {Difference}: nothing is dropped by age until they agree")]
        public static partial void Distrusted(ILogger logger, TimeSpan difference);

        [LoggerMessage(2, LogLevel.Error, "The clock is {Days} days ahead of when retention last ran: nothing is dropped by age before {Until}. If the clock is wrong, set it; if this database was restored to be read, raise Webhooks:RetentionDays")]
        public static partial void Leapt(ILogger logger, double days, DateTimeOffset until);
    }
}
