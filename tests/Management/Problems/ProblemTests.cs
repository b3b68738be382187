using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Webhooks.Management.Tests.Problems;

public sealed class ProblemTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    private const int Limit = 1024 * 1024;

    public static TheoryData<string> NotJson =>
    [
        "", " ", "{", "nothing", "{\"a\":1,}", "{} {}", "{'a':1}", "{\"a\":01}", "{\"a\":\"\u0001\"}", "[]", "\"text\"", "null", "5",
        "{\"a\":1,\"a\":2}", "{\"retry\":{\"jitter\":0,\"jitter\":1}}", "{\"\\ud800\":1}", new string('[', 100_000), "{\"a\":" + new string('[', 500_000),
    ];

    [Theory]
    [MemberData(nameof(NotJson))]
    public async Task What_is_no_JSON_object_is_malformed(string body)
    {
        foreach (var (method, path) in new[] { (HttpMethod.Post, "/v1/subscriptions"), (HttpMethod.Patch, $"/v1/subscriptions/{(await api.SubscribeAsync("json")).Id}"), (HttpMethod.Post, "/v1/tokens") })
        {
            (await api.SendAsync(method, path, body, ManagementApi.AdminToken)).IsProblem(HttpStatusCode.BadRequest, "malformed_json");
        }
    }

    [Theory]
    [InlineData(0xff)]
    [InlineData(0xc0)]
    [InlineData(0xed)]
    public async Task Invalid_UTF8_is_malformed(int octet)
    {
        byte[] body = [.. "{\"description\":\""u8, (byte)octet, .. "\"}"u8];

        (await api.PostAsync("/v1/subscriptions", body)).IsProblem(HttpStatusCode.BadRequest, "malformed_json");
        (await api.PostAsync("/v1/events", body)).IsProblem(HttpStatusCode.BadRequest, "malformed_json");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    public async Task A_body_of_another_type_is_415(string? contentType)
    {
        foreach (var path in new[] { "/v1/subscriptions", "/v1/events", "/v1/tokens" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = new ByteArrayContent("{}"u8.ToArray()) };
            request.Content.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType);
            (await api.SendAsync(request, ManagementApi.AdminToken)).IsProblem(HttpStatusCode.UnsupportedMediaType, "unsupported_media_type");
        }
    }

    [Fact]
    public async Task A_compressed_body_is_415()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/subscriptions", UriKind.Relative)) { Content = new StringContent("{}", Encoding.UTF8, "application/json") };
        request.Content.Headers.ContentEncoding.Add("gzip");

        (await api.SendAsync(request, ManagementApi.AdminToken)).IsProblem(HttpStatusCode.UnsupportedMediaType, "unsupported_media_type");
    }

    [Theory]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/merge-patch+json")]
    public async Task JSON_has_these_types_too(string contentType)
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, new Uri($"/v1/subscriptions/{(await api.SubscribeAsync("types")).Id}", UriKind.Relative)) { Content = new ByteArrayContent("{}"u8.ToArray()) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);

        Assert.Equal(HttpStatusCode.OK, (await api.SendAsync(request, ManagementApi.AdminToken)).Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_over_1_MiB_is_413(bool chunked)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/subscriptions", UriKind.Relative))
        {
            Content = new StringContent("{" + new string(' ', Limit - 1) + "}", Encoding.UTF8, "application/json"),
            Headers = { TransferEncodingChunked = chunked },
        };

        (await api.SendAsync(request, ManagementApi.AdminToken)).IsProblem(HttpStatusCode.RequestEntityTooLarge, "too_large");
    }

    [Fact]
    public async Task A_body_of_exactly_1_MiB_is_read() =>
        (await api.PostAsync("/v1/subscriptions", "{" + new string(' ', Limit - 2) + "}")).IsProblem(
            HttpStatusCode.BadRequest, "validation_failed", "/tenant_id required", "/url required", "/event_types required");

    [Theory]
    [InlineData("/")]
    [InlineData("/v1")]
    [InlineData("/v1/replays")]
    [InlineData("/v1/parked")]
    [InlineData("/v1/subscriptions/sub_01a1fc6f7f6f74728db2061d67cc7ccc/rotate-secret")]
    public async Task A_path_that_is_not_there_yet_is_404(string path) =>
        (await api.PostAsync(path, "{}")).IsProblem(HttpStatusCode.NotFound, "not_found");

    [Fact]
    public async Task A_method_that_a_path_does_not_know_is_405()
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri("/v1/subscriptions", UriKind.Relative));

        (await api.SendAsync(request, ManagementApi.AdminToken)).IsProblem(HttpStatusCode.MethodNotAllowed, "method_not_allowed");
    }

    [Theory]
    [InlineData("sub_")]
    [InlineData("sub_01a1fc6f7f6f74728db2061d67cc7ccc")]
    [InlineData("01a1fc6f7f6f74728db2061d67cc7ccc")]
    [InlineData("tok_01a1fc6f7f6f74728db2061d67cc7ccc")]
    [InlineData("%2e%2e")]
    public async Task An_id_that_nothing_has_is_404(string id)
    {
        foreach (var kind in new[] { "subscriptions", "deliveries", "events" })
        {
            (await api.GetAsync($"/v1/{kind}/{id}")).IsProblem(HttpStatusCode.NotFound, "not_found");
        }

        (await api.DeleteAsync($"/v1/tokens/{id}")).IsProblem(HttpStatusCode.NotFound, "not_found");
    }
}
