using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Webhooks.TestKit;

/// <summary>Runs statements and keeps, of each, the plan that PostgreSQL carried out, with the parts that were never needed.</summary>
public sealed partial class QueryPlans : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _plans = new();

    private QueryPlans(string connectionString)
    {
        var connection = new NpgsqlConnectionStringBuilder(connectionString);
        connection.Options += " -c session_preload_libraries=auto_explain -c auto_explain.log_min_duration=0 -c auto_explain.log_analyze=on"
            + " -c auto_explain.log_timing=off -c auto_explain.log_level=notice";
        var builder = new NpgsqlDataSourceBuilder(connection.ConnectionString);
        // A notice belongs to whoever holds the connection at that moment; the log has those of all.
        builder.UseLoggerFactory(LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(new NoticeLog(_plans))));
        Database = builder.Build();
    }

    public NpgsqlDataSource Database { get; }

    /// <param name="connectionString">As a service connects, planner settings included.</param>
    public static QueryPlans Of(string connectionString) => new(connectionString);

    /// <summary>The plans of what <paramref name="statements"/> ran.</summary>
    public async Task<IReadOnlyList<string>> DuringAsync(Func<Task> statements)
    {
        _plans.Clear();
        await statements();
        return [.. _plans];
    }

    /// <summary>The tables that a plan walks through from end to end.</summary>
    public static IEnumerable<string> Scanned(string plan) => SequentialScan().Matches(plan).Select(match => match.Groups[1].Value);

    /// <summary>The partitions that a plan visited, those it could have visited left out.</summary>
    public static IEnumerable<string> Visited(string plan) =>
        Partition().Matches(plan).Where(match => !match.Groups[2].Value.Contains("never executed", StringComparison.Ordinal)).Select(match => match.Groups[1].Value).Distinct();

    public ValueTask DisposeAsync() => Database.DisposeAsync();

    [GeneratedRegex(@"Seq Scan on (?:public\.)?(\w+)(?![^\n]*never executed)")]
    private static partial Regex SequentialScan();

    // Scans alone: an update lists every partition, and writes only where its scans found something.
    [GeneratedRegex(@"Scan[^\n]* on (?:public\.)?(\w+_\d{8})\b([^\n]*)")]
    private static partial Regex Partition();

    private sealed class NoticeLog(ConcurrentQueue<string> plans) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (formatter(state, exception) is var line && line.Contains("Query Text:", StringComparison.Ordinal))
            {
                plans.Enqueue(line);
            }
        }

        public void Dispose()
        {
        }
    }
}
