using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Webhooks.Load.Receiving;

/// <summary>The endpoints that do not just answer. None of them is counted as a receipt.</summary>
internal sealed class Misbehaviour
{
    private const int IdBytes = 64;

    private readonly ConcurrentDictionary<string, bool> _seen = new(StringComparer.Ordinal);
    private int _turn;
    private int _refused;

    /// <summary>How often the flaky one has said 503.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>Answers 200 after a time.</summary>
    public static string SlowPath(TimeSpan wait) => $"/slow/{(int)wait.TotalMilliseconds}";

    /// <summary>Takes the request and never answers.</summary>
    public const string SilentPath = "/silent";

    /// <summary>Answers 503 to every second delivery that it has not seen before.</summary>
    public const string FlakyPath = "/flaky";

    public void Map(WebApplication app)
    {
        app.MapPost("/slow/{milliseconds}", (HttpContext context, string milliseconds) =>
            Task.Delay(int.Parse(milliseconds, CultureInfo.InvariantCulture), context.RequestAborted));
        app.MapPost(SilentPath, (HttpContext context) => Task.Delay(Timeout.Infinite, context.RequestAborted));
        app.MapPost(FlakyPath, AnswerFlakilyAsync);
    }

    private async Task AnswerFlakilyAsync(HttpContext context)
    {
        // The envelope begins with the event's id.
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var id = Encoding.UTF8.GetString(body.GetBuffer(), 0, (int)Math.Min(IdBytes, body.Length));
        if (_seen.TryAdd(id, true) && Interlocked.Increment(ref _turn) % 2 == 0)
        {
            Interlocked.Increment(ref _refused);
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        }
    }
}
