using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Webhooks.ServiceDefaults.Health;

/// <summary>One line whenever readiness changes. Not being ready yet is no error, and a probe may ask twenty times a second.</summary>
internal sealed partial class ReadinessLog(ILogger<ReadinessLog> logger)
{
    private readonly Lock _lock = new();
    private string? _missing;
    private bool _wasReady;

    public void Note(HealthReport report)
    {
        var missing = string.Join(" ", report.Entries.Values.Where(entry => entry.Status != HealthStatus.Healthy).Select(entry => entry.Description));
        lock (_lock)
        {
            if (missing == _missing)
            {
                return;
            }

            _missing = missing;
            if (report.Status == HealthStatus.Healthy)
            {
                _wasReady = true;
                Log.Ready(logger);
                return;
            }

            Log.NotReady(logger, _wasReady ? LogLevel.Warning : LogLevel.Information, _wasReady ? "any more" : "yet", missing);
            foreach (var (name, entry) in report.Entries.Where(check => check.Value.Exception is not null))
            {
                Log.Failed(logger, entry.Exception!, name);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Ready")]
        public static partial void Ready(ILogger logger);

        [LoggerMessage(EventId = 2, Message = "Not ready {SinceWhen}: {Missing}")]
        public static partial void NotReady(ILogger logger, LogLevel level, string sinceWhen, string missing);

        [LoggerMessage(3, LogLevel.Error, "The health check {Name} failed")]
        public static partial void Failed(ILogger logger, Exception exception, string name);
    }
}
