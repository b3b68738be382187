using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Webhooks.TestKit;

namespace Webhooks.CallbackIngest.Tests;

/// <summary>An external system that calls back.</summary>
public sealed class IngestClient(Uri address)
{
    public const string Exception = "exc_001";

    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = 256, RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 }) { Timeout = TimeSpan.FromSeconds(60) };

    public Uri Address => address;

    /// <summary>A callback that is as it should be.</summary>
    public static string Body(string status = "RESOLVED", string system = "JIRA", string? updatedAt = null, string note = "done") =>
        $$"""{"externalSystem":"{{system}}","externalIssueId":"RECON-1234","status":"{{status}}","assignee":"ada","resolutionNotes":"{{note}}"{{(updatedAt is null ? "" : $",\"updatedAt\":\"{updatedAt}\"")}}}""";

    public Task<Answer> SendAsync(string body, string? key, string? token = World.Token, string exceptionId = Exception) =>
        SendAsync(Encoding.UTF8.GetBytes(body), key is null ? [] : [("X-Idempotency-Key", key)], token, $"/v1/exceptions/{exceptionId}/callback");

    public async Task<Answer> SendAsync(byte[] body, IEnumerable<(string Name, string Value)> headers, string? token = World.Token, string path = $"/v1/exceptions/{Exception}/callback", string contentType = "application/json")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, path)) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await SendAsync(request);
    }

    /// <summary>
    /// Many at once, whose sum is judged: anew, with the next round's keys, if a machine without time for seconds made one of them 503.
    /// </summary>
    public static async Task<Answer[]> BurstAsync(Func<int, IEnumerable<Task<Answer>>> ofRound)
    {
        for (var round = 0; ; round++)
        {
            var answers = await Task.WhenAll(ofRound(round));
            if (round == 20 || !Array.Exists(answers, answer => answer.IsToBeRepeated))
            {
                return answers;
            }
        }
    }

    /// <summary>As a caller does that is told to come again.</summary>
    public static async Task<Answer> AnsweredAsync(Func<Task<Answer>> sending)
    {
        var answer = await sending();
        for (var tries = 1; tries < 20 && answer.IsToBeRepeated; tries++)
        {
            answer = await sending();
        }

        return answer;
    }

    /// <summary>
    /// A callback that is accepted. One that a machine without time for seconds made 503 is sent again, and may be in progress or done by then.
    /// </summary>
    public async Task AcceptAsync(string body, string? key, string? token = World.Token, string exceptionId = Exception)
    {
        var answer = await SendAsync(body, key, token, exceptionId);
        if (answer.IsToBeRepeated)
        {
            await Eventually.TrueAsync(
                async () => (answer = await SendAsync(body, key, token, exceptionId)).Status is not (409 or 503), World.Limit, "an answer that is neither 409 nor 503");
            answer.IsAccepted(replayed: answer.Replayed == "true");
            return;
        }

        answer.IsAccepted();
    }

    /// <summary>
    /// A callback that is answered before its deadline of three seconds, whatever is away. The rest is for a busy machine, and less than the
    /// ten seconds after which a wait for the broker's answer ends by itself; it may hold any single one up for longer.
    /// </summary>
    public async Task<Answer> SendSoonAsync(string key)
    {
        Answer? answer = null;
        await Promptly.MostAsync(TimeSpan.FromSeconds(9), rounds: 1, async () =>
        {
            var started = TimeProvider.System.GetTimestamp();
            answer = await SendAsync(Body(), key);
            return TimeProvider.System.GetElapsedTime(started);
        });
        return answer!;
    }

    public Task ReadinessIsAsync(int status) => Eventually.TrueAsync(
        async () => (await ReadinessAsync()).Status == status, World.Limit, $"readiness to be {status}");

    public async Task<Answer> ReadinessAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, "/health/ready"));
        return await SendAsync(request);
    }

    public static async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        using var response = await Http.SendAsync(request);
        return new Answer((int)response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers, response.Content.Headers.ContentType?.MediaType);
    }
}

/// <summary>What the service answered.</summary>
public sealed record Answer(int Status, string Text, HttpResponseHeaders Headers, string? ContentType)
{
    public JsonElement Json => JsonElement.Parse(Text);

    public string? Replayed => Headers.TryGetValues("X-Idempotency-Replayed", out var values) ? values.Single() : null;

    public TimeSpan? RetryAfter => Headers.RetryAfter?.Delta;

    public bool IsToBeRepeated => Status == 503 && RetryAfter is not null;

    /// <summary>A problem's errors, as "pointer code".</summary>
    public IReadOnlyList<string> Errors =>
        [.. Json.GetProperty("errors").EnumerateArray().Select(error => $"{error.GetProperty("pointer").GetString()} {error.GetProperty("code").GetString()}")];

    public void IsAccepted(bool replayed = false)
    {
        Assert.True(Status == 200, Text);
        Assert.Equal("""{"status":"accepted"}""", Text);
        Assert.Equal(replayed ? "true" : "false", Replayed);
    }

    /// <summary>503, and when to try again.</summary>
    public void IsUnavailable()
    {
        IsProblem(503, "unavailable");
        Assert.NotNull(RetryAfter);
    }

    public void IsProblem(int status, string code, params string[] errors)
    {
        Assert.True(Status == status, $"{Status} {Text}");
        Assert.Equal("application/problem+json", ContentType);
        Assert.Equal(code, Json.GetProperty("code").GetString());
        Assert.Equal(status, Json.GetProperty("status").GetInt32());
        Assert.Matches("^[0-9a-f]{32}$", Json.GetProperty("trace_id").GetString());
        Assert.Equal(errors.Order(StringComparer.Ordinal), Errors.Order(StringComparer.Ordinal));
    }
}
