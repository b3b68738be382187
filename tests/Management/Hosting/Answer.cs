using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Webhooks.Management.Tests;

/// <summary>What the service answered.</summary>
public sealed record Answer(HttpStatusCode Status, string Text, HttpResponseHeaders Headers, string? ContentType)
{
    public JsonElement Json => JsonElement.Parse(Text);

    public string Id => Json.GetProperty("id").GetString()!;

    public string ETag => Headers.ETag!.ToString();

    /// <summary>A problem's code.</summary>
    public string Code => Json.GetProperty("code").GetString()!;

    /// <summary>A problem's errors, as "pointer code".</summary>
    public IReadOnlyList<string> Errors =>
        [.. Json.GetProperty("errors").EnumerateArray().Select(error => $"{error.GetProperty("pointer").GetString()} {error.GetProperty("code").GetString()}")];

    /// <summary>A page's ids.</summary>
    public IReadOnlyList<string> Ids => [.. Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!)];

    public string? NextCursor => Json.GetProperty("next_cursor").GetString();

    public string? Member(string name) => Json.GetProperty(name).GetString();

    /// <summary>Asserts that this is the problem with a code, whole.</summary>
    public void IsProblem(HttpStatusCode status, string code, params string[] errors)
    {
        Assert.Equal((status, code), (Status, Code));
        Assert.Equal("application/problem+json", ContentType);
        Assert.Equal((int)status, Json.GetProperty("status").GetInt32());
        Assert.NotEmpty(Member("type")!);
        Assert.NotEmpty(Member("title")!);
        Assert.NotEmpty(Member("detail")!);
        Assert.Matches("^[0-9a-f]{32}$", Member("trace_id"));
        Assert.Equal(errors, Errors);
    }
}
