using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Polly;
using Polly.Retry;

namespace Webhooks.Load.Baseline;

/// <summary>Signs and sends an event to one URL, tries again in the process by Polly, and records each attempt.</summary>
internal sealed class PlainSender : IDisposable
{
    private static readonly JsonSerializerOptions Json = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private readonly AttemptTable _attempts;
    private readonly byte[] _secret;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(5) };
    private readonly ResiliencePipeline<HttpResponseMessage> _retries = new ResiliencePipelineBuilder<HttpResponseMessage>()
        .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
        {
            ShouldHandle = new PredicateBuilder<HttpResponseMessage>()
                .Handle<HttpRequestException>()
                .Handle<TaskCanceledException>()
                .HandleResult(answer => (int)answer.StatusCode is >= 500 or 429),
            MaxRetryAttempts = 5,
            BackoffType = DelayBackoffType.Exponential,
            Delay = TimeSpan.FromSeconds(5),
        })
        .Build();

    public PlainSender(AttemptTable attempts, string secret) => (_attempts, _secret) = (attempts, Encoding.UTF8.GetBytes(secret));

    public void Dispose() => _http.Dispose();

    public async Task SendAsync(PlainEvent happened, string url, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(happened, Json);
        var number = 0;
        using var answer = await _retries.ExecuteAsync(
            async token => await AttemptAsync(happened, url, body, ++number, token), cancellationToken);
    }

    private async Task<HttpResponseMessage> AttemptAsync(PlainEvent happened, string url, byte[] body, int number, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            using var request = Request(url, body);
            var answer = await _http.SendAsync(request, cancellationToken);
            await _attempts.AddAsync(happened, url, number, (int)answer.StatusCode, error: null, Stopwatch.GetElapsedTime(started), cancellationToken);
            return answer;
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            await _attempts.AddAsync(happened, url, number, statusCode: null, failure.Message, Stopwatch.GetElapsedTime(started), cancellationToken);
            throw;
        }
    }

    private HttpRequestMessage Request(string url, byte[] body)
    {
        var timestamp = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        byte[] signed = HMACSHA256.HashData(_secret, (byte[])[.. Encoding.UTF8.GetBytes(timestamp + "."), .. body]);
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("X-Matcher-Timestamp", timestamp);
        request.Headers.Add("X-Matcher-Signature", "sha256=" + Convert.ToHexStringLower(signed));
        return request;
    }
}
