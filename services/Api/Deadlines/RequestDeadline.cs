namespace Webhooks.Api.Deadlines;

/// <summary>
/// Every request is answered within five seconds of its body's arrival, whatever a server behind it does. Once the answer
/// has begun its time is the client's: a large page takes a slow one longer, and is not cut off.
/// </summary>
internal sealed class RequestDeadline(RequestDelegate next, TimeProvider clock)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    /// <summary>Where it applies. Health checks have limits of their own, and say themselves what does not answer.</summary>
    public static bool AppliesTo(HttpContext context) => !context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal);

    public async Task InvokeAsync(HttpContext context)
    {
        var client = context.RequestAborted;
        using var request = new RequestClock(Limit, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(client, request.Token);
        context.Features.Set(request);
        context.RequestAborted = both.Token;
        context.Response.OnStarting(() =>
        {
            request.Stop();
            return Task.CompletedTask;
        });
        try
        {
            await next(context);
        }
        finally
        {
            context.RequestAborted = client;
        }
    }

    /// <summary>
    /// Leaves a route's work behind when the time is up. Its token alone is not enough: Npgsql first asks the server to
    /// withdraw the statement, and waits for a server that has just shown that it does not answer. What is left behind
    /// must not touch the request, which is another's by then: routes take what they need of it before they wait, and
    /// say the rest with their result.
    /// </summary>
    public static async ValueTask<object?> LeaveBehindAsync(EndpointFilterInvocationContext route, EndpointFilterDelegate next) =>
        await next(route).AsTask().WaitAsync(route.HttpContext.RequestAborted);

    /// <summary>Has this request run out of time (rather than its client out of patience)?</summary>
    public static bool IsOver(HttpContext context) => context.Features.Get<RequestClock>() is { IsOver: true };
}
