using System.Collections.Concurrent;
using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Webhooks.TestKit;

/// <summary>A real HTTP server on 127.0.0.1 that answers as the test says and keeps every request it got.</summary>
public sealed class TestReceiver : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly ConcurrentQueue<ReceivedRequest> _requests = new();
    private readonly CancellationTokenSource _ending = new();
    private int _count;

    private TestReceiver(WebApplication server, Func<ReceivedRequest, Answer> answer)
    {
        _server = server;
        AnswerWith = answer;
    }

    /// <summary>Without a trailing slash; with a certificate "https://localhost:…", else "http://127.0.0.1:…".</summary>
    public string Url { get; private set; } = "";

    public int Port => new Uri(Url).Port;

    /// <summary>In the order in which they became complete.</summary>
    public IReadOnlyList<ReceivedRequest> Requests => [.. _requests];

    /// <summary>Cheaper than <see cref="Requests"/>.</summary>
    public int Count => _requests.Count;

    /// <summary>Called for every request, from many threads at once. May be replaced at any time.</summary>
    public Func<ReceivedRequest, Answer> AnswerWith { get; set; }

    /// <param name="answer">200 without a body when not given.</param>
    /// <param name="certificate">Makes it an HTTPS server; see <see cref="TestCertificateAuthority"/>.</param>
    /// <param name="port">A known port, for a receiver that comes back; 0 takes a free one.</param>
    /// <param name="protocols">The newest TLS version or an old one, to see it refused.</param>
    public static async Task<TestReceiver> StartAsync(
        Func<ReceivedRequest, Answer>? answer = null,
        X509Certificate2? certificate = null,
        int port = 0,
        SslProtocols protocols = SslProtocols.None)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Listen(IPAddress.Loopback, port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                if (certificate is not null)
                {
                    listen.UseHttps(certificate, https => https.SslProtocols = protocols);
                }
            });
        });

        var server = builder.Build();
        var receiver = new TestReceiver(server, answer ?? (_ => Answer.Ok));
        server.Run(receiver.ReceiveAsync);
        await server.StartAsync();

        var address = server.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single();
        receiver.Url = certificate is null
            ? address
            : $"https://localhost:{new Uri(address).Port}";
        return receiver;
    }

    /// <summary>Waits until at least so many requests have come in, and returns all that have.</summary>
    public async Task<IReadOnlyList<ReceivedRequest>> WaitForAsync(int count, TimeSpan? limit = null)
    {
        await Eventually.TrueAsync(
            () => Count >= count,
            limit ?? TimeSpan.FromMinutes(5),
            () => $"{count} requests at {Url}; there were {Count}.");
        return Requests;
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _server.DisposeAsync();
        _ending.Dispose();
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);

        var request = new ReceivedRequest(
            Interlocked.Increment(ref _count),
            TimeProvider.System.GetUtcNow(),
            context.Request.Method,
            context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            context.Request.Headers.ToDictionary(
                header => header.Key, header => string.Join(", ", header.Value.AsEnumerable()), StringComparer.OrdinalIgnoreCase),
            body.ToArray());
        _requests.Enqueue(request);

        var answer = AnswerWith(request);
        if (!await WaitedAsync(answer, context.RequestAborted))
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = answer.Status;
        foreach (var (name, value) in answer.Headers)
        {
            context.Response.Headers[name] = value;
        }

        await context.Response.WriteAsync(answer.Body, context.RequestAborted);
    }

    private async Task<bool> WaitedAsync(Answer answer, CancellationToken senderGone)
    {
        if (answer.Delay == TimeSpan.Zero && answer.After.IsCompleted)
        {
            return true;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(senderGone, _ending.Token);
        try
        {
            await Task.Delay(answer.Delay, either.Token);
            await answer.After.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
