using Microsoft.AspNetCore.Http.Features;

namespace Webhooks.Api.Deadlines;

/// <summary>The time that is left for a request.</summary>
internal sealed class RequestClock(TimeSpan limit, TimeProvider clock) : IDisposable
{
    private readonly CancellationTokenSource _timer = new(limit, clock);
    private bool _hasEnded;

    public CancellationToken Token => _timer.Token;

    public bool IsOver => _timer.IsCancellationRequested;

    /// <summary>Parameter binding: set by <see cref="RequestDeadline"/>.</summary>
    public static ValueTask<RequestClock> BindAsync(HttpContext context) => ValueTask.FromResult(context.Features.GetRequiredFeature<RequestClock>());

    /// <summary>Stops while something is waited for that has a limit of its own, or none: a slow client's time is its own.</summary>
    public async Task<T> WithoutAsync<T>(Func<Task<T>> wait)
    {
        Stop();
        var result = await wait();
        _timer.CancelAfter(limit);
        return result;
    }

    /// <summary>Stops for good. After its end, too: an answer without a body begins when the request is over.</summary>
    public void Stop()
    {
        if (!_hasEnded)
        {
            _timer.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose()
    {
        _hasEnded = true;
        _timer.Dispose();
    }
}
