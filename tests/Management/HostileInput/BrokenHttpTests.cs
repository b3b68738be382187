using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Webhooks.Management.Tests.HostileInput;

/// <summary>What no HTTP client would send, written to the socket. Every answer that the API gives is a described problem.</summary>
public sealed class BrokenHttpTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    private const string Chunked = "Transfer-Encoding: chunked\r\n";

    [Theory]
    [InlineData(Chunked, "zz\r\n{}\r\n0\r\n\r\n")]
    [InlineData(Chunked, "2\r\n{}garbage")]
    [InlineData(Chunked, "ffffffffffffffff\r\n{}")]
    [InlineData(Chunked, "-2\r\n{}\r\n0\r\n\r\n")]
    public async Task A_body_that_is_no_HTTP_is_refused_by_every_operation(string headers, string body)
    {
        foreach (var operation in api.Contract.Operations.Where(operation => operation.BodySchema is not null))
        {
            var path = operation.Path.Replace("{id}", "x", StringComparison.Ordinal);

            var (status, problem) = await SendAsync($"{operation.Method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ManagementApi.AdminToken}\r\nContent-Type: application/json\r\nConnection: close\r\n{headers}\r\n{body}");

            Assert.True(status == 400 && problem is not null, $"{operation.Id} answered {status} {problem}.");
            Assert.Equal("bad_request", problem.Value.GetProperty("code").GetString());
            Assert.Contains("bad_request", operation.Json.GetProperty("responses").GetProperty("400").GetRawText(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_body_that_does_not_come_is_waited_for_as_long_as_is_described()
    {
        var (status, problem) = await SendAsync($"POST /v1/subscriptions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ManagementApi.AdminToken}\r\nContent-Type: application/json\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{{");

        Assert.Equal((408, "request_timeout"), (status, problem?.GetProperty("code").GetString()));
    }

    // These do not reach the API: the server refuses them before it knows what is asked for.
    [Theory]
    [InlineData("GET /v1/subscriptions HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET /v1/subscriptions HTTP/9.9\r\nHost: x\r\n\r\n", 505)]
    [InlineData("GET /v1/subscriptions HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400)]
    [InlineData("GET /v1/\0 HTTP/1.1\r\nHost: x\r\n\r\n", 400)]
    [InlineData("GET /v1/%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400)]
    [InlineData("GET /v1/subscriptions HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400)]
    [InlineData("GET /v1/subscriptions HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n", 400)]
    [InlineData("\u0016\u0003\u0001\r\n\r\n", 400)]
    public async Task What_is_no_HTTP_request_is_answered_and_does_no_harm(string request, int expected)
    {
        var (status, _) = await SendAsync(request);

        Assert.Equal(expected, status);
        Assert.Equal(System.Net.HttpStatusCode.OK, (await api.GetAsync("/v1/subscriptions?limit=1")).Status);
    }

    [Fact]
    public async Task A_query_or_header_that_is_longer_than_the_server_takes_is_refused()
    {
        var (uriStatus, _) = await SendAsync($"GET /v1/subscriptions?cursor={new string('a', 20_000)} HTTP/1.1\r\nHost: x\r\n\r\n");
        var (headerStatus, _) = await SendAsync($"GET /v1/subscriptions HTTP/1.1\r\nHost: x\r\nIf-Match: {new string('a', 100_000)}\r\n\r\n");

        Assert.Equal((414, 431), (uriStatus, headerStatus));
    }

    // What is refused before it was all read may reset the connection while its answer is under way: then once more.
    private async Task<(int Status, JsonElement? Problem)> SendAsync(string request)
    {
        var answer = await AnswerAsync(request) ?? await AnswerAsync(request) ?? "no answer";
        var (start, end) = (answer.IndexOf('{', StringComparison.Ordinal), answer.LastIndexOf('}'));
        return (int.Parse(answer.Split(' ')[1], CultureInfo.InvariantCulture), start < 0 ? null : JsonElement.Parse(answer[start..(end + 1)]));
    }

    private async Task<string?> AnswerAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(api.Address.Host, api.Address.Port);
        var stream = client.GetStream();
        try
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
            using var reader = new StreamReader(stream, Encoding.UTF8);
            return await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromMinutes(2));
        }
        catch (IOException)
        {
            return null;
        }
    }
}
