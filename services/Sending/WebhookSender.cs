using System.Globalization;
using System.Net;
using Webhooks.Sending.Answers;
using Webhooks.Sending.Connections;
using Webhooks.Subscriptions.Rendering;

namespace Webhooks.Sending;

/// <summary>Makes one HTTP request. Whatever the receiver does is a result; only our own shutdown throws.</summary>
public sealed class WebhookSender : IDisposable
{
    private readonly UrlRules _urls;
    private readonly TimeProvider _clock;
    private readonly HttpMessageInvoker _pooled;
    private readonly HttpMessageInvoker _fresh;

    public WebhookSender(SendingOptions options, TimeProvider clock)
        : this(options, clock, Dns.GetHostAddresses)
    {
    }

    /// <param name="resolve">Blocks, as the system's resolver does.</param>
    internal WebhookSender(SendingOptions options, TimeProvider clock, Func<string, IPAddress[]> resolve)
    {
        _urls = new UrlRules(options);
        _clock = clock;

        var connector = new ReceiverConnector(options.Guard(), options.Source(), new NameLookups(resolve), clock);
        var certificates = new CertificateCheck(options.Authorities());
        _pooled = new HttpMessageInvoker(ReceiverHandler.Create(connector, certificates, reuse: TimeSpan.FromMinutes(2)));
        _fresh = new HttpMessageInvoker(ReceiverHandler.Create(connector, certificates, reuse: TimeSpan.Zero));
    }

    /// <exception cref="OperationCanceledException"><paramref name="stopping"/> was canceled before there was an answer.</exception>
    public async Task<SendResult> SendAsync(WebhookRequest request, CancellationToken stopping)
    {
        var start = new Start(_clock.GetUtcNow(), _clock.GetTimestamp());
        if (_urls.FindFaultBeforeSend(request.Url, out var uri) is { } fault)
        {
            return Failed(start, AttemptOutcome.AddressRefused, fault);
        }

        using var deadline = new CancellationTokenSource(request.Deadline, _clock);
        using var stop = stopping.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), deadline);
        try
        {
            using var response = await PostAsync(uri!, request, deadline.Token);
            if (!OutcomeTable.IsStatus((int)response.StatusCode))
            {
                return Failed(start, AttemptOutcome.ResponseInvalid, string.Create(
                    CultureInfo.InvariantCulture, $"The receiver's answer is not HTTP: its status is {(int)response.StatusCode:000}."));
            }

            return await AnsweredAsync(start, response, deadline.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            throw new OperationCanceledException(stopping);
        }
        catch (OperationCanceledException)
        {
            return Failed(start, AttemptOutcome.TimedOut, string.Create(
                CultureInfo.InvariantCulture, $"The receiver did not answer within {request.Deadline.TotalSeconds:0.###} s."));
        }
        catch (HttpRequestException failure)
        {
            var (outcome, error) = FailedExchange.Read(failure);
            return Failed(start, outcome, error);
        }
    }

    public void Dispose()
    {
        _pooled.Dispose();
        _fresh.Dispose();
    }

    private async Task<HttpResponseMessage> PostAsync(Uri uri, WebhookRequest request, CancellationToken deadline)
    {
        using var first = Message(uri, request, out var body);
        try
        {
            return await _pooled.SendAsync(first, deadline);
        }
        catch (HttpRequestException ended) when (ended.HttpRequestError == HttpRequestError.ResponseEnded && body.Connection is { WasStale: true })
        {
            // The receiver closed an idle connection just when we used it, and never saw the request: no failure of
            // its own, and no second request to it.
            using var second = Message(uri, request, out _);
            return await _fresh.SendAsync(second, deadline);
        }
    }

    private static HttpRequestMessage Message(Uri uri, WebhookRequest request, out RequestBody body)
    {
        body = new RequestBody(request.Body);
        var message = new TenantRequest(uri, request.TenantId) { Content = body };
        for (var i = 0; i < request.Headers.Count; i++)
        {
            var (name, value) = request.Headers[i];

            // The stack would write a line break as it stands, and with it whatever header or request follows.
            if (value.AsSpan().ContainsAnyExceptInRange(' ', '~') || !message.Headers.TryAddWithoutValidation(name, value))
            {
                throw new ArgumentException($"The header '{name}' cannot be sent as a request header.", nameof(request));
            }
        }

        return message;
    }

    private async ValueTask<SendResult> AnsweredAsync(Start start, HttpResponseMessage response, CancellationToken deadline)
    {
        var duration = _clock.GetElapsedTime(start.Timestamp);
        var status = (int)response.StatusCode;
        var outcome = OutcomeTable.OfStatus(status);
        return new SendResult
        {
            Outcome = outcome,
            StartedAt = start.At,
            Duration = duration,
            StatusCode = status,
            Error = outcome == AttemptOutcome.Succeeded ? null : $"The receiver answered {status}.",
            RetryAfter = status is 429 or 503 && response.Headers.NonValidated.TryGetValues("Retry-After", out var values)
                ? RetryAfter.Read(values.First(), _clock.GetUtcNow())
                : null,
            ResponseHeaders = ReceivedAnswer.Headers(response),
            ResponseBody = await ReceivedAnswer.BodyAsync(response, deadline),
        };
    }

    private SendResult Failed(Start start, AttemptOutcome outcome, string error) => new()
    {
        Outcome = outcome,
        StartedAt = start.At,
        Duration = _clock.GetElapsedTime(start.Timestamp),
        Error = error,
    };

    private sealed record Start(DateTimeOffset At, long Timestamp);
}
