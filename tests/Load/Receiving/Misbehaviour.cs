using System.Globalization;

namespace Webhooks.Load.Receiving;

/// <summary>The endpoints that do not just answer. None of them is counted as a receipt.</summary>
internal sealed class Misbehaviour
{
    private int _held;

    /// <summary>Requests that have no answer yet and are not given up.</summary>
    public int Held => Volatile.Read(ref _held);

    /// <summary>Answers 200 after a time.</summary>
    public static string SlowPath(TimeSpan wait) => $"/slow/{(int)wait.TotalMilliseconds}";

    /// <summary>Takes the request and never answers.</summary>
    public const string SilentPath = "/silent";

    public void Map(WebApplication app)
    {
        app.MapPost("/slow/{milliseconds}", (HttpContext context, string milliseconds) =>
            HoldAsync(int.Parse(milliseconds, CultureInfo.InvariantCulture), context.RequestAborted));
        app.MapPost(SilentPath, (HttpContext context) => HoldAsync(Timeout.Infinite, context.RequestAborted));
    }

    private async Task HoldAsync(int milliseconds, CancellationToken givenUp)
    {
        Interlocked.Increment(ref _held);
        try
        {
            await Task.Delay(milliseconds, givenUp);
        }
        finally
        {
            Interlocked.Decrement(ref _held);
        }
    }
}
