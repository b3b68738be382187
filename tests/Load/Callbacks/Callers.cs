using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Webhooks.Load.Measuring;

namespace Webhooks.Load.Callbacks;

/// <summary>External systems that call back, each time with a new key about another exception.</summary>
internal sealed class Callers(Uri service, string token) : IDisposable
{
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, ActivityHeadersPropagator = null });
    private int _number;

    // No key is used twice, also by the next run against the same database.
    private readonly string _run = Guid.NewGuid().ToString("N")[..8];

    /// <param name="count">How many calls.</param>
    /// <param name="callers">On their way at a time; with a rate, as many as it takes.</param>
    /// <param name="rate">Calls a second; 0: as fast as they are answered.</param>
    public async Task<CallerRun> CallAsync(int count, int callers, double rate, CancellationToken cancellationToken)
    {
        var latencies = new ConcurrentBag<TimeSpan>();
        var refused = 0;
        var started = Stopwatch.GetTimestamp();
        if (rate > 0)
        {
            var calls = new List<Task>(count);
            for (var number = 0; number < count; number++)
            {
                // By the clock, not by the answer before: a slow service must not slow its callers down.
                var due = TimeSpan.FromSeconds(number / rate) - Stopwatch.GetElapsedTime(started);
                if (due > TimeSpan.Zero)
                {
                    await Task.Delay(due, cancellationToken);
                }

                calls.Add(CallOnceAsync());
            }

            await Task.WhenAll(calls);
        }
        else
        {
            await Parallel.ForEachAsync(
                Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = callers, CancellationToken = cancellationToken }, async (_, _) => await CallOnceAsync());
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return new CallerRun(count / seconds, refused, Percentiles.Of([.. latencies.Order()]));

        async Task CallOnceAsync()
        {
            var called = Stopwatch.GetTimestamp();
            if (!await CallAsync(Interlocked.Increment(ref _number), cancellationToken))
            {
                Interlocked.Increment(ref refused);
            }

            latencies.Add(Stopwatch.GetElapsedTime(called));
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<bool> CallAsync(int number, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(service, $"/v1/exceptions/exc_{_run}_{number}/callback?tenant_id=load"))
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(
                $$$"""{"externalSystem":"JIRA","externalIssueId":"RECON-{{{number}}}","status":"RESOLVED","resolutionNotes":"Matched by hand.","updatedAt":"2024-01-20T10:30:00Z","callbackType":"status_update","payload":{"amount":15000.0,"currency":"USD"}}""")),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        request.Headers.TryAddWithoutValidation("X-Idempotency-Key", $"{_run}-{number}");
        using var response = await _http.SendAsync(request, cancellationToken);
        return response.StatusCode == HttpStatusCode.OK;
    }
}

/// <summary>How a run went.</summary>
internal sealed record CallerRun(double PerSecond, int Refused, IReadOnlyDictionary<string, double> LatencyMs);
