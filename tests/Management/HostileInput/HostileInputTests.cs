using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Webhooks.Management.Tests.OpenApi;
using Webhooks.Management.Tests.Tenancy;

namespace Webhooks.Management.Tests.HostileInput;

/// <summary>
/// Sends to every operation of the document what no honest client sends. The answer must come in time, be described (which
/// every exchange of these tests is held to) and never be a fault of ours. Seeded: the same run every time.
/// </summary>
public sealed class HostileInputTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    private const int Seed = 20240120;
    private const int RandomBodies = 150;
    private const string Tenant = "hostile";

    private static readonly TimeSpan Slowest = TimeSpan.FromSeconds(30);

    private static readonly ParallelOptions AtOnce = new() { MaxDegreeOfParallelism = 4 };

    private readonly Belongings _belongings = new(api, Tenant);

    private IEnumerable<ApiOperation> WithBody => api.Contract.Operations.Where(operation => operation.BodySchema is not null);

    [Fact]
    public async Task Every_member_of_every_body_may_be_anything()
    {
        var bodies = new BadBodies(api.Contract.Document);
        var answered = await SendAllAsync(WithBody, operation => bodies.Around(Good(operation), operation.BodySchema!.Value).Select(Encoding.UTF8.GetBytes));

        // So that the walk cannot become an empty one unnoticed.
        Assert.InRange(answered, 2_000, int.MaxValue);
    }

    [Fact]
    public async Task Several_members_of_every_body_may_be_anything_at_once()
    {
        var bodies = new BadBodies(api.Contract.Document);
        await SendAllAsync(WithBody, operation =>
        {
            var random = RandomFor(operation);
            return Enumerable.Range(0, RandomBodies).Select(_ => Encoding.UTF8.GetBytes(bodies.Scrambled(Good(operation), operation.BodySchema!.Value, random)));
        });
    }

    [Fact]
    public async Task What_is_no_JSON_object_is_refused_by_every_operation() => await SendAllAsync(
        WithBody,
        operation => BadBodies.NoObjects(Good(operation).ToJsonString()),
        (answer, _) => Assert.InRange((int)answer.Status, 400, 499));

    [Fact]
    public async Task Bytes_of_every_body_may_be_lost_on_the_way() => await SendAllAsync(WithBody, operation =>
    {
        var random = RandomFor(operation);
        return Enumerable.Range(0, RandomBodies).Select(_ => BadBodies.Mangled(Good(operation).ToJsonString(), random));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_of_10_MB_is_refused_by_every_operation(bool chunked)
    {
        var large = Encoding.UTF8.GetBytes("{\"description\":\"" + new string('a', 10_000_000) + "\"}");
        foreach (var operation in WithBody)
        {
            var answer = await RefusedAsync(operation, large, chunked) ?? await RefusedAsync(operation, large, chunked);
            Assert.Equal("too_large", answer?.Code);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/jsonx")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/problem+json")]
    [InlineData("/")]
    [InlineData("application/json, application/json")]
    public async Task Another_content_type_is_refused_by_every_operation(string? contentType)
    {
        foreach (var operation in WithBody)
        {
            using var request = await RequestAsync(operation, Encoding.UTF8.GetBytes(Good(operation).ToJsonString()));
            request.Content!.Headers.ContentType = null;
            if (contentType is not null)
            {
                request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
            }

            Assert.Equal("unsupported_media_type", (await SendAsync(request)).Code);
        }
    }

    [Fact]
    public async Task A_compressed_body_is_refused_by_every_operation()
    {
        foreach (var operation in WithBody)
        {
            using var request = await RequestAsync(operation, Encoding.UTF8.GetBytes(Good(operation).ToJsonString()));
            request.Content!.Headers.ContentEncoding.Add("gzip");
            Assert.Equal("unsupported_media_type", (await SendAsync(request)).Code);
        }
    }

    [Fact]
    public async Task Every_query_may_be_anything()
    {
        foreach (var operation in api.Contract.Operations)
        {
            var path = await _belongings.PathAsync(operation.Path);
            var good = operation.BodySchema is null ? null : Encoding.UTF8.GetBytes(Good(operation).ToJsonString());
            // What a DELETE with a wrong query would do is shown by the ids that are wrong.
            var method = new HttpMethod(operation.Method == "DELETE" ? "GET" : operation.Method);
            await Parallel.ForEachAsync(BadQueries.Around(operation, RandomFor(operation)).ToList(), AtOnce, async (query, _) =>
            {
                using var request = new HttpRequestMessage(method, new Uri($"{path}?{query}", UriKind.Relative)) { Content = Json(good) };
                await SendAsync(request);
            });
        }
    }

    [Fact]
    public async Task Every_id_in_a_path_may_be_anything()
    {
        foreach (var operation in api.Contract.Operations.Where(operation => operation.Path.Contains('{')))
        {
            var (right, open) = (await _belongings.PathAsync(operation.Path), operation.Path.IndexOf('{', StringComparison.Ordinal));
            var (before, id, after) = (operation.Path[..open], right[open..].Split('/')[0], operation.Path[(operation.Path.IndexOf('}', StringComparison.Ordinal) + 1)..]);
            foreach (var bad in BadQueries.Ids(id, RandomFor(operation)))
            {
                using var request = await RequestAsync(operation, operation.BodySchema is null ? null : Encoding.UTF8.GetBytes(Good(operation).ToJsonString()));
                request.RequestUri = new Uri(before + bad + after, UriKind.Relative);
                Assert.InRange((int)(await SendAsync(request)).Status, 400, 499);
            }
        }
    }

    [Fact]
    public async Task Every_cursor_may_be_mangled()
    {
        await api.SubscribeAsync(Tenant);
        await api.SubscribeAsync(Tenant);
        foreach (var operation in api.Contract.Operations.Where(operation => operation.Method == "GET" && operation.Parameter("query", "cursor") is not null))
        {
            var random = RandomFor(operation);
            var page = await api.GetAsync($"{operation.Path}?limit=1");
            var real = (page.Json.TryGetProperty("next_cursor", out var next) ? next.GetString() : null) ?? (await api.GetAsync("/v1/subscriptions?limit=1")).NextCursor!;
            foreach (var cursor in BadQueries.Cursors(real, random))
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{operation.Path}?cursor={Uri.EscapeDataString(cursor)}", UriKind.Relative));
                await SendAsync(request);
            }
        }
    }

    [Fact]
    public async Task Every_header_may_be_anything()
    {
        string[] values = ["", "*", "\"", "W/\"1-1\"", "\"1-1\", \"2-2\"", new string('"', 2_000), "bytes=0-1", "\u0001"];
        string[] names = ["If-Match", "If-None-Match", "Accept", "Accept-Encoding", "Range", "traceparent", "Content-Language", "X-HTTP-Method-Override", "Forwarded"];
        foreach (var operation in api.Contract.Operations.Where(operation => operation.Method != "DELETE"))
        {
            await _belongings.PathAsync(operation.Path);
            await Parallel.ForEachAsync(names.SelectMany(name => values.Select(value => (name, value))).ToList(), AtOnce, async (header, _) =>
            {
                using var request = await RequestAsync(operation, operation.BodySchema is null ? null : "{\"no_such_member\":1}"u8.ToArray());
                request.Headers.TryAddWithoutValidation(header.name, header.value);
                await SendAsync(request);
            });
        }
    }

    /// <summary>How many were answered.</summary>
    private async Task<int> SendAllAsync(IEnumerable<ApiOperation> operations, Func<ApiOperation, IEnumerable<byte[]>> bodies, Action<Answer, byte[]>? judge = null)
    {
        var answered = 0;
        foreach (var operation in operations.ToList())
        {
            var path = await _belongings.PathAsync(operation.Path);
            await Parallel.ForEachAsync(bodies(operation).ToList(), AtOnce, async (body, _) =>
            {
                using var request = new HttpRequestMessage(new HttpMethod(operation.Method), new Uri(path, UriKind.Relative)) { Content = Json(body) };
                var answer = await SendAsync(request);
                Interlocked.Increment(ref answered);
                judge?.Invoke(answer, body);
            });
        }

        return answered;
    }

    private async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync();
        var what = $"{request.Method} {request.RequestUri} {Shown(body)}";
        var started = Stopwatch.GetTimestamp();
        Answer answer;
        try
        {
            answer = await api.SendAsync(request, ManagementApi.AdminToken);
            // A machine that has no time for seconds makes it say so and be asked again, as any client may be.
            for (var tries = 1; tries < 10 && answer is { Status: HttpStatusCode.ServiceUnavailable, Headers.RetryAfter: not null }; tries++)
            {
                started = Stopwatch.GetTimestamp();
                using var again = CopyOf(request, body);
                answer = await api.SendAsync(again, ManagementApi.AdminToken);
            }
        }
        catch (HttpRequestException dropped)
        {
            throw new InvalidOperationException($"The connection was dropped by {what}", dropped);
        }

        Assert.True((int)answer.Status < 500, $"{what} was answered with {(int)answer.Status} {answer.Text}");
        Assert.True(Stopwatch.GetElapsedTime(started) < Slowest, $"{what} took {Stopwatch.GetElapsedTime(started)}");
        return answer;
    }

    private static HttpRequestMessage CopyOf(HttpRequestMessage sent, byte[] body)
    {
        var copy = new HttpRequestMessage(sent.Method, sent.RequestUri);
        if (sent.Content is { } content)
        {
            copy.Content = new ByteArrayContent(body);
            copy.Content.Headers.ContentType = content.Headers.ContentType;
        }

        foreach (var (name, values) in sent.Headers)
        {
            copy.Headers.TryAddWithoutValidation(name, values);
        }

        return copy;
    }

    /// <summary>The answer that comes before the body is read; null when what is still on its way has made its connection end before it was read.</summary>
    private async Task<Answer?> RefusedAsync(ApiOperation operation, byte[] body, bool chunked)
    {
        using var request = await RequestAsync(operation, body);
        request.Headers.TransferEncodingChunked = chunked;
        try
        {
            return await SendAsync(request);
        }
        catch (InvalidOperationException dropped) when (dropped.InnerException is HttpRequestException)
        {
            return null;
        }
    }

    private async Task<HttpRequestMessage> RequestAsync(ApiOperation operation, byte[]? body) =>
        new(new HttpMethod(operation.Method), new Uri(await _belongings.PathAsync(operation.Path), UriKind.Relative)) { Content = Json(body) };

    private static ByteArrayContent? Json(byte[]? body)
    {
        var content = body is null ? null : new ByteArrayContent(body);
        content?.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    private System.Text.Json.Nodes.JsonObject Good(ApiOperation operation)
    {
        var about = new Dictionary<string, string>(_belongings.Ids, StringComparer.Ordinal) { ["tenants"] = Tenant };
        return RequestExample.Body(operation, about)!;
    }

    // By the name: another operation more does not change what the others get.
    private static Random RandomFor(ApiOperation operation) => new(operation.Id.Aggregate(Seed, (hash, character) => unchecked((hash * 31) + character)));

    private static string Shown(byte[] body) => body.Length <= 500 ? Encoding.UTF8.GetString(body) : $"{Encoding.UTF8.GetString(body[..500])}… ({body.Length} bytes)";
}
