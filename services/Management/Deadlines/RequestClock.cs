using Microsoft.AspNetCore.Http.Features;

namespace Webhooks.Management.Deadlines;

/// <summary>The time that is left for a request.</summary>
internal sealed class RequestClock(TimeSpan limit, TimeProvider clock) : IDisposable
{
    private readonly CancellationTokenSource _timer = new(limit, clock);

    public CancellationToken Token => _timer.Token;

    public bool IsOver => _timer.IsCancellationRequested;

    /// <summary>Parameter binding: set by <see cref="RequestDeadline"/>.</summary>
    public static ValueTask<RequestClock> BindAsync(HttpContext context) => ValueTask.FromResult(context.Features.GetRequiredFeature<RequestClock>());

    /// <summary>Stops while something is waited for that has a limit of its own, or none: a slow client's time is its own.</summary>
    public async Task<T> WithoutAsync<T>(Func<Task<T>> wait)
    {
        _timer.CancelAfter(Timeout.InfiniteTimeSpan);
        var result = await wait();
        _timer.CancelAfter(limit);
        return result;
    }

    public void Dispose() => _timer.Dispose();
}
