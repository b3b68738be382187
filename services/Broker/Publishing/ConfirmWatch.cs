using Microsoft.Extensions.Logging;

namespace Webhooks.Broker.Publishing;

/// <summary>Keeps a publisher's connection open, also while nothing is published (readiness asks for it), and gives up one that no longer confirms.</summary>
internal sealed partial class ConfirmWatch : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watching;

    /// <param name="link">What is watched.</param>
    /// <param name="whenReady">Opens it, in turn.</param>
    /// <param name="confirmTimeout">How old what is in flight may become.</param>
    /// <param name="clock">Tells when to look.</param>
    /// <param name="logger">The publisher's.</param>
    public ConfirmWatch(PublishLink link, Func<CancellationToken, Task> whenReady, TimeSpan confirmTimeout, TimeProvider clock, ILogger logger) =>
        _watching = Task.Run(() => WatchAsync(link, whenReady, confirmTimeout, clock, logger));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private async Task WatchAsync(PublishLink link, Func<CancellationToken, Task> whenReady, TimeSpan confirmTimeout, TimeProvider clock, ILogger logger)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        do
        {
            await whenReady(_stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (link.Present is { } channel && channel.OldestAge() > confirmTimeout)
            {
                Log.ConfirmOverdue(logger, confirmTimeout.TotalSeconds);
                // First: it is what becomes of all that is in flight.
                channel.MarkOverdue();
                await link.ReplaceAsync(channel);
            }
        }
        while (await NextTickAsync(timer));
    }

    private async Task<bool> NextTickAsync(PeriodicTimer timer)
    {
        try
        {
            return await timer.WaitForNextTickAsync(_stop.Token);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "RabbitMQ did not confirm within {Seconds} s: replacing the connection")]
        public static partial void ConfirmOverdue(ILogger logger, double seconds);
    }
}
