using System.Collections.Concurrent;
using System.Text.Json;
using Webhooks.Signatures;

namespace Webhooks.Local.Demo;

/// <summary>A webhook as the demo's receiver saw it.</summary>
internal sealed record Receipt(string Subscription, string EventId, string EventType, SignatureVerification Verification, int Answer, long At);

/// <summary>
/// The demo's receiver: an ordinary HTTP server that verifies each call with the subscription's secret before it believes
/// a word of it. Under /flaky it answers 503 twice.
/// </summary>
internal sealed class DemoReceiver : IAsyncDisposable
{
    private const int Failures = 2;

    private readonly WebApplication _server;
    private readonly TimeProvider _clock;
    private readonly ConcurrentDictionary<string, SignatureVerifier> _verifiers = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<Receipt> _receipts = new();
    private int _flakyCalls;

    private DemoReceiver(WebApplication server, TimeProvider clock)
    {
        _server = server;
        _clock = clock;
    }

    public string Url => _server.Urls.Single();

    public IReadOnlyList<Receipt> Receipts => [.. _receipts];

    public static async Task<DemoReceiver> StartAsync(TimeProvider clock, CancellationToken cancellationToken)
    {
        // Empty: it must not read the ASPNETCORE_URLS that are meant for services.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var server = builder.Build();
        var receiver = new DemoReceiver(server, clock);
        server.Run(receiver.ReceiveAsync);
        await server.StartAsync(cancellationToken);
        return receiver;
    }

    public void Expect(DemoSubscription subscription, string secret) =>
        _verifiers[subscription.Name] = new SignatureVerifier(subscription.Scheme, secret);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        var at = _clock.GetTimestamp();
        using var buffer = new MemoryStream();
        await context.Request.Body.CopyToAsync(buffer, context.RequestAborted);
        var body = buffer.ToArray();

        var name = context.Request.Path.Value!.Trim('/');
        if (!_verifiers.TryGetValue(name, out var verifier))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var headers = context.Request.Headers;
        var verification = verifier.Verify(header => headers[header] is [var value] ? value : null, body, _clock.GetUtcNow());
        context.Response.StatusCode = verification is not SignatureVerification.Valid
            ? StatusCodes.Status401Unauthorized
            : name == DemoSubscription.Flaky && Interlocked.Increment(ref _flakyCalls) <= Failures
                ? StatusCodes.Status503ServiceUnavailable
                : StatusCodes.Status200OK;

        var (id, type) = Identify(body, headers);
        _receipts.Enqueue(new Receipt(name, id, type, verification, context.Response.StatusCode, at));
    }

    // Standard Webhooks has the id in a header; the others in the body.
    private static (string Id, string Type) Identify(byte[] body, IHeaderDictionary headers)
    {
        using var document = JsonDocument.Parse(body);
        var id = document.RootElement.TryGetProperty("id", out var member) ? member.GetString() : (string?)headers["webhook-id"];
        return (id ?? "", document.RootElement.GetProperty("type").GetString() ?? "");
    }
}
