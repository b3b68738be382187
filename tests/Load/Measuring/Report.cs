using System.Text.Json;

namespace Webhooks.Load.Measuring;

/// <summary>The one line that a command prints.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <returns>The exit code: 0 when nothing was lost. Whether an aim holds is said in the line: a busy machine is no failure.</returns>
    public static int Print(object report, params IEnumerable<Side> sides)
    {
        Console.WriteLine(JsonSerializer.Serialize(report, Json));
        return sides.Sum(side => side.Lost) == 0 ? 0 : 1;
    }
}

/// <summary>What a command is at, on standard error.</summary>
internal static class Progress
{
    public static void Tell(string text) => Console.Error.WriteLine($"{TimeProvider.System.GetLocalNow():HH:mm:ss} {text}");
}
