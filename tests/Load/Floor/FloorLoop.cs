using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Webhooks.Signatures;
using Webhooks.Subscriptions.Profiles;

namespace Webhooks.Load.Floor;

/// <summary>
/// The least that any sender must do: sign and POST the same body to the same receiver, as fast as it goes, with nothing
/// around it. Runs in a process of its own, as the dispatcher does.
/// </summary>
internal static class FloorLoop
{
    private const int InFlight = 64;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(4);

    /// <summary>Starts the loop's process and reads its one number.</summary>
    public static async Task<double> MeasureAsync(string url, byte[] body, string secret, string profile, CancellationToken cancellationToken)
    {
        var bodyFile = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(bodyFile, body, cancellationToken);
            using var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(FloorLoop).Assembly.Location, "floor", url, bodyFile, secret, profile])
            {
                RedirectStandardOutput = true,
            })!;
            var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return double.Parse(output, CultureInfo.InvariantCulture);
        }
        finally
        {
            File.Delete(bodyFile);
        }
    }

    /// <summary>The hidden command that the measuring process starts.</summary>
    public static Command Command()
    {
        var url = new Argument<string>("url");
        var body = new Argument<FileInfo>("body");
        var secret = new Argument<string>("secret");
        var profile = new Argument<string>("profile");
        var command = new Command("floor", "Prints how many signed POSTs a second a bare loop makes.") { url, body, secret, profile };
        command.Hidden = true;
        command.SetAction(async parsed =>
        {
            var bytes = await File.ReadAllBytesAsync(parsed.GetValue(body)!.FullName);
            if (!Profile.TryFind(parsed.GetValue(profile), out var dialect))
            {
                throw new ArgumentException($"There is no profile '{parsed.GetValue(profile)}'.");
            }

            var perSecond = await RunAsync(new Uri(parsed.GetValue(url)!), bytes, new SigningKey(dialect.Signature, parsed.GetValue(secret)!));
            Console.Write(perSecond.ToString("F0", CultureInfo.InvariantCulture));
        });
        return command;
    }

    private static async Task<double> RunAsync(Uri url, byte[] body, SigningKey key)
    {
        using var handler = new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, ActivityHeadersPropagator = null };
        using var http = new HttpMessageInvoker(handler);
        await PostForAsync(WarmUp, http, url, body, key);
        var started = Stopwatch.GetTimestamp();
        var posts = await PostForAsync(Measured, http, url, body, key);
        return posts / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static async Task<long> PostForAsync(TimeSpan duration, HttpMessageInvoker http, Uri url, byte[] body, SigningKey key)
    {
        var started = Stopwatch.GetTimestamp();
        var posts = await Task.WhenAll(Enumerable.Range(0, InFlight).Select(_ => Task.Run(async () =>
        {
            var count = 0L;
            while (Stopwatch.GetElapsedTime(started) < duration)
            {
                await PostAsync(http, url, body, key);
                count++;
            }

            return count;
        })));
        return posts.Sum();
    }

    private static async Task PostAsync(HttpMessageInvoker http, Uri url, byte[] body, SigningKey key)
    {
        var timestamp = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TryAddWithoutValidation("X-Matcher-Timestamp", timestamp);
        request.Headers.TryAddWithoutValidation("X-Matcher-Signature", key.Sign(body, timestamp, id: "floor"));
        using var response = await http.SendAsync(request, CancellationToken.None);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new InvalidOperationException($"The receiver answered {(int)response.StatusCode}.");
        }
    }
}
