using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;

namespace Webhooks.Load.Callbacks;

/// <summary>The least that any such service must do: read a body, parse it, answer. In a process of its own, as the service is.</summary>
internal sealed class BareEndpoint : IAsyncDisposable
{
    private const string Name = "bare-endpoint";

    private readonly Process _process;

    private BareEndpoint(Process process, Uri url) => (_process, Url) = (process, url);

    public Uri Url { get; }

    public static async Task<BareEndpoint> StartAsync(CancellationToken cancellationToken)
    {
        var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(BareEndpoint).Assembly.Location, Name]) { RedirectStandardOutput = true })!;
        var url = await process.StandardOutput.ReadLineAsync(cancellationToken);
        return new BareEndpoint(process, new Uri(url ?? throw new InvalidOperationException("The bare endpoint did not start.")));
    }

    /// <summary>The hidden command that the measuring process starts.</summary>
    public static Command Command()
    {
        var command = new Command(Name, "Answers callbacks after parsing them, prints where, and runs until it is killed.") { Hidden = true };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
            builder.Services.AddRoutingCore();
            var app = builder.Build();
            app.MapPost("/v1/exceptions/{exceptionId}/callback", async (HttpRequest request) =>
            {
                using var document = await JsonDocument.ParseAsync(request.Body);
                return Results.Json(new { status = document.RootElement.TryGetProperty("status", out _) ? "accepted" : "refused" });
            });
            await app.StartAsync(cancellationToken);
            Console.WriteLine(app.Urls.First());
            await app.WaitForShutdownAsync(cancellationToken);
        });
        return command;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
