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
    [InlineData("", "The body is empty.")]
    [InlineData(" \n ", "The body is empty.")]
    [InlineData("{\"a\":1", "The body is not JSON: it ends too early, in line 1.")]
    [InlineData("{\n  \"a\":tru", "The body is not JSON: it ends too early, in line 2.")]
    [InlineData("{\n  \"a\": 1,\n}", "The body is not JSON: in line 3, column 1, '}' has no place.")]
    [InlineData("{'a':1}", "The body is not JSON: in line 1, column 2, ''' has no place.")]
    [InlineData("{\"ü\":ä}", "The body is not JSON: in line 1, column 6, 'ä' has no place.")]
    [InlineData("{\"a\":\"\u0001\"}", "The body is not JSON: in line 1, column 7, U+0001 has no place.")]
    [InlineData("{} {}", "The body is not JSON: in line 1, column 4, '{' has no place.")]
    [InlineData("{\"retry\":{\"jitter\":0,\n \"jitter\":1}}", "The member jitter is there twice, again in line 2, column 2.")]
    [InlineData("{\"a\":[{},{\"b\":1,\"\\u0062\":2}]}", "The member b is there twice, again in line 1, column 17.")]
    [InlineData("{\"\\ud800\":1}", "The name of the member in line 1, column 2 has half of a surrogate pair.")]
    [InlineData("[]", "The body must be a JSON object.")]
    public async Task What_is_malformed_is_said_in_plain_words_and_where(string body, string detail) =>
        Assert.Equal(detail, (await api.PostAsync("/v1/subscriptions", body)).Member("detail"));

    [Fact]
    public async Task Of_very_many_faults_the_first_thousand_are_named()
    {
        var unknown = string.Join(',', Enumerable.Range(0, 50_000).Select(number => $"\"m{number}\":0"));

        var refused = await api.PostAsync("/v1/subscriptions", $$"""{"tenant_id":"many","url":1,"event_types":["*"],{{unknown}}}""");

        Assert.Equal((HttpStatusCode.BadRequest, "validation_failed"), (refused.Status, refused.Code));
        Assert.Equal("Some of what was sent is not acceptable; errors names the first 1,000 of 50,001 faults.", refused.Member("detail"));
        Assert.Equal(1_000, refused.Json.GetProperty("errors").GetArrayLength());
        Assert.Equal("/url", refused.Json.GetProperty("errors")[0].GetProperty("pointer").GetString());
    }

    [Theory]
    [InlineData("/v1/subscriptions", "event_types")]
    [InlineData("/v1/tokens", "scopes")]
    public async Task Of_a_list_that_is_too_long_nothing_else_is_said(string path, string list)
    {
        var refused = await api.PostAsync(path, $$"""{"tenant_id":"many","name":"many","url":"https://receiver.example/","{{list}}":[{{string.Join(',', Enumerable.Repeat(0, 400_000))}}]}""");

        Assert.Equal((HttpStatusCode.BadRequest, "validation_failed"), (refused.Status, refused.Code));
        Assert.Contains(refused.Json.GetProperty("errors").EnumerateArray(), error =>
            (error.GetProperty("pointer").GetString(), error.GetProperty("message").GetString()) == ($"/{list}", "It must have at most 100 elements."));
        Assert.InRange(refused.Json.GetProperty("errors").GetArrayLength(), 1, 2);
    }

    [Fact]
    public async Task JSON_that_is_nested_too_deep_says_where()
    {
        var body = "{\"a\":" + new string('[', 64) + new string(']', 64) + "}";

        Assert.Equal("The body is nested deeper than 64 levels in line 1, column 69.", (await api.PostAsync("/v1/subscriptions", body)).Member("detail"));
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
    [InlineData("application/json; charset=\"UTF-8\"")]
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
    [InlineData("/v1/replay")]
    [InlineData("/v1/subscriptions/sub_01a1fc6f7f6f74728db2061d67cc7ccc/rotate-secret")]
    public async Task A_path_that_is_not_there_yet_is_404(string path) =>
        (await api.PostAsync(path, "{}")).IsProblem(HttpStatusCode.NotFound, "not_found");

    [Fact]
    public async Task A_method_that_a_path_does_not_know_is_405()
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri("/v1/subscriptions", UriKind.Relative));

        (await api.SendAsync(request, ManagementApi.AdminToken)).IsProblem(HttpStatusCode.MethodNotAllowed, "method_not_allowed");
    }

    [Fact]
    public async Task HEAD_answers_as_GET_does_without_the_body()
    {
        var made = await api.SubscribeAsync("head");
        foreach (var path in new[] { $"/v1/subscriptions/{made.Id}", "/v1/subscriptions", "/v1/deliveries", "/health/live" })
        {
            var (get, head) = (await api.GetAsync(path), await api.SendAsync(HttpMethod.Head, path, null, ManagementApi.AdminToken));

            Assert.Equal((HttpStatusCode.OK, get.Status, get.ContentType, ""), (head.Status, head.Status, head.ContentType, head.Text));
            Assert.Equal(get.Headers.ETag, head.Headers.ETag);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await api.SendAsync(HttpMethod.Head, "/v1/subscriptions/sub_x", null, ManagementApi.AdminToken)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await api.SendAsync(HttpMethod.Head, "/v1/subscriptions", null, "whk_nobody")).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await api.SendAsync(HttpMethod.Head, $"/v1/subscriptions/{made.Id}/rotate-secret", null, ManagementApi.AdminToken)).Status);
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
