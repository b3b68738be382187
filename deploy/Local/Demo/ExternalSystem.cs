using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace Webhooks.Local.Demo;

/// <summary>A ticket system that heard of an exception, and calls back when somebody has resolved its ticket.</summary>
internal sealed class ExternalSystem : IDisposable
{
    // What the catalog's example is about.
    private const string Exception = "exc_001";

    private readonly HttpClient _http;
    private readonly Uri _callback;
    private readonly DateTimeOffset _updatedAt = new(2024, 1, 20, 16, 45, 0, TimeSpan.Zero);

    public ExternalSystem(string callbacks, string token, string tenant)
    {
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        _callback = new Uri($"{callbacks}/v1/exceptions/{Exception}/callback?tenant_id={tenant}");
    }

    /// <summary>The same call each time: a sender that is not sure sends it again.</summary>
    /// <exception cref="DemoException">The answer is not what it should be.</exception>
    public async Task ResolveAsync(bool isRepeat, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _callback)
        {
            Headers = { { "X-Idempotency-Key", "callback-jira-1234" } },
            Content = JsonContent.Create(new
            {
                externalSystem = "JIRA",
                externalIssueId = "RECON-1234",
                status = "RESOLVED",
                resolutionNotes = "Matched by hand with txn_ledger_777.",
                updatedAt = _updatedAt,
                callbackType = "status_update",
            }),
        };
        using var answer = await _http.SendAsync(request, cancellationToken);
        var replayed = answer.Headers.TryGetValues("X-Idempotency-Replayed", out var values) ? values.Single() : null;
        if (!answer.IsSuccessStatusCode || replayed != (isRepeat ? "true" : "false"))
        {
            throw new DemoException(
                $"The callback{(isRepeat ? ", sent again," : "")} answered {(int)answer.StatusCode}, replayed: {replayed ?? "not said"}: {await answer.Content.ReadAsStringAsync(cancellationToken)}");
        }
    }

    public void Dispose() => _http.Dispose();
}
