using System.Globalization;

namespace Webhooks.Load.Receiving;

/// <summary>The endpoints that do not just answer. None of them is counted as a receipt.</summary>
internal sealed class Misbehaviour
{
    /// <summary>Answers 200 after a time.</summary>
    public static string SlowPath(TimeSpan wait) => $"/slow/{(int)wait.TotalMilliseconds}";

    /// <summary>Takes the request and never answers.</summary>
    public const string SilentPath = "/silent";

    public void Map(WebApplication app)
    {
        app.MapPost("/slow/{milliseconds}", (HttpContext context, string milliseconds) =>
            Task.Delay(int.Parse(milliseconds, CultureInfo.InvariantCulture), context.RequestAborted));
        app.MapPost(SilentPath, (HttpContext context) => Task.Delay(Timeout.Infinite, context.RequestAborted));
    }
}
