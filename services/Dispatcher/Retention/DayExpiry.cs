using Microsoft.Extensions.Logging;
using Npgsql;
using Webhooks.Database.Deliveries;
using Webhooks.Dispatcher.Deliveries.Reading;

namespace Webhooks.Dispatcher.Retention;

/// <summary>
/// Takes old days away, in an order that can be interrupted anywhere: their keys are forgotten, what still waits is canceled, and
/// once no attempt of it can be on the wire any more, the partitions go.
/// </summary>
internal sealed partial class DayExpiry(PartitionStore partitions, ExpiryStore expiry, TimeProvider clock, ILogger<DayExpiry> logger)
{
    // An attempt lasts 30 s at most: what was sent before it was canceled is still recorded, and may still turn out delivered.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(40);

    private readonly Dictionary<DateOnly, long> _ended = [];

    /// <summary>Does what can be done now for the days that had ended by <paramref name="moment"/>.</summary>
    public async Task RunAsync(DateTimeOffset moment, CancellationToken leading)
    {
        var days = (await partitions.BeforeAsync(moment, leading)).GroupBy(partition => partition.Day);
        var isInUse = false;
        // Of each table one partition at a time can be half detached, and until it is done no other can be: so its day comes first.
        foreach (var day in days.OrderByDescending(day => day.Any(partition => partition.State == PartitionState.Detaching)).ThenBy(day => day.Key))
        {
            if (!_ended.TryGetValue(day.Key, out var endedAt))
            {
                await EndAsync(day.First(), leading);
                _ended[day.Key] = endedAt = clock.GetTimestamp();
            }

            if (isInUse || clock.GetElapsedTime(endedAt) < Grace)
            {
                continue;
            }

            if (await TryDropAsync(day, leading))
            {
                _ended.Remove(day.Key);
                Log.Dropped(logger, day.Key);
            }
            else
            {
                isInUse = true;
            }
        }
    }

    private async Task EndAsync(DayPartition day, CancellationToken leading)
    {
        EventKey? lastKey = null;
        while ((lastKey = await expiry.ForgetKeysAsync(day, lastKey, leading)) is not null)
        {
            // As long as there are more.
        }

        DeliveryKey? after = null;
        long canceled = 0;
        do
        {
            var (some, next) = await expiry.CancelPendingAsync(day, after, leading);
            canceled += some;
            after = next;
        }
        while (after is not null);

        if (canceled > 0)
        {
            Log.Expired(logger, canceled, day.Day);
        }
    }

    private async Task<bool> TryDropAsync(IEnumerable<DayPartition> day, CancellationToken leading)
    {
        foreach (var partition in day.OrderBy(partition => DayPartition.Parents.IndexOf(partition.Parent)))
        {
            try
            {
                await partitions.DropAsync(partition, leading);
            }
            catch (PostgresException fault) when (fault.SqlState == PostgresErrorCodes.LockNotAvailable)
            {
                Log.InUse(logger, partition.Name, fault.MessageText);
                return false;
            }
        }

        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Events, deliveries and attempts of {Day} are older than the retention and dropped")]
        public static partial void Dropped(ILogger logger, DateOnly day);

        [LoggerMessage(2, LogLevel.Warning, "{Deliveries} deliveries accepted on {Day} still waited when their retention was over: they are canceled as expired")]
        public static partial void Expired(ILogger logger, long deliveries, DateOnly day);

        [LoggerMessage(3, LogLevel.Information, "The partition {Partition} is in use ({Reason}); it is dropped another time")]
        public static partial void InUse(ILogger logger, string partition, string reason);
    }
}
