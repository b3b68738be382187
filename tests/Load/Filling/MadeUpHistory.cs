using Npgsql;
using Webhooks.Load.Measuring;
using Webhooks.Load.Publishing;

namespace Webhooks.Load.Filling;

/// <summary>
/// Millions of attempts that were made before: half of them today, where the next ones go, the others over the nine days before;
/// half of them the run's tenant's.
/// </summary>
internal static class MadeUpHistory
{
    private const int DaysBefore = 9;
    private const int ChunkEvents = 10_000;
    private const int AtATime = 2;
    private const int OtherTenants = 50;

    public static async Task AddAsync(Bench bench, int attempts, CancellationToken cancellationToken)
    {
        await using var database = MadeUpRows.Open(bench.System);
        var chunks = Chunks(attempts / MadeUpRows.Fanout, TimeProvider.System.GetUtcNow()).ToList();
        await EnsureDaysAsync(database, chunks, cancellationToken);
        var done = 0;
        await Parallel.ForEachAsync(chunks, new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = cancellationToken }, async (chunk, token) =>
        {
            await chunk.InsertAsync(database, token);
            Progress.Tell($"  {Interlocked.Add(ref done, chunk.Events * MadeUpRows.Fanout)} of {attempts} attempts made up");
        });

        Progress.Tell("vacuuming and analyzing");
        await MadeUpRows.AnalyzeAsync(database, cancellationToken);
    }

    private static IEnumerable<MadeUpRows> Chunks(int events, DateTimeOffset now)
    {
        var today = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
        for (var day = DaysBefore; day >= 0; day--)
        {
            var ofDay = day == 0 ? events - (events / 2 / DaysBefore * DaysBefore) : events / 2 / DaysBefore;
            var length = day == 0 ? now - today : TimeSpan.FromDays(1);
            var step = TimeSpan.FromMicroseconds(Math.Max(1, Math.Floor(length.TotalMicroseconds / Math.Max(1, ofDay))));
            for (var done = 0; done < ofDay; done += ChunkEvents)
            {
                yield return Chunk(today.AddDays(-day) + (done * step), step, Math.Min(ChunkEvents, ofDay - done), number: (day * 1_000) + (done / ChunkEvents));
            }
        }
    }

    private static MadeUpRows Chunk(DateTimeOffset from, TimeSpan step, int events, int number) => new()
    {
        EventPrefix = $"evt_made_{Guid.NewGuid():N}_",
        Events = events,
        From = from,
        Step = step,
        TenantId = number % 2 == 0 ? EventSource.TenantId : $"tenant_{number % OtherTenants}",
        EventType = EventSource.EventType,
        Subscriptions = [.. Enumerable.Range(0, MadeUpRows.Fanout).Select(_ => Guid.CreateVersion7())],
        Data = EventSource.Data,
    };

    // One after the other, each in a transaction of its own: each locks its table against all.
    private static async Task EnsureDaysAsync(NpgsqlDataSource database, IEnumerable<MadeUpRows> chunks, CancellationToken cancellationToken)
    {
        foreach (var day in chunks.Select(chunk => DateOnly.FromDateTime(chunk.From.UtcDateTime)).Distinct())
        {
            foreach (var table in new[] { "events", "deliveries", "attempts" })
            {
                await using var ensure = database.CreateCommand("SELECT ensure_day_partition($1, $2)");
                ensure.Parameters.AddWithValue(table);
                ensure.Parameters.AddWithValue(day);
                await ensure.ExecuteNonQueryAsync(cancellationToken);
            }
        }
    }
}
