using System.Net;
using System.Text.Json;

namespace Webhooks.Management.Tests.Subscriptions;

public sealed class HeaderMembersTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    private const string Hidden = "****************************";

    [Fact]
    public async Task Headers_come_back_in_their_order_and_credentials_hidden()
    {
        var made = await CreateAsync("""{"X-Environment":"production","Authorization":"Bearer of-the-receiver","User-Agent":"Acme/1"}""");

        Assert.Equal(HttpStatusCode.Created, made.Status);
        const string Shown = $$"""{"X-Environment":"production","Authorization":"{{Hidden}}","User-Agent":"Acme/1"}""";
        Assert.Equal(Shown, Headers(made));
        Assert.Equal(Shown, Headers(await api.GetAsync($"/v1/subscriptions/{made.Id}")));
        Assert.DoesNotContain(api.Log.Lines, line => line.Contains("of-the-receiver", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_change_is_a_merge_patch_of_names_in_any_case()
    {
        var made = await CreateAsync("""{"X-One":"1","X-Two":"2","X-Three":"3"}""");

        var changed = await PatchAsync(made, """{"x-two":"zwei","X-Three":null,"X-Four":"4","X-Nothing":null}""");

        Assert.Equal("""{"X-One":"1","x-two":"zwei","X-Four":"4"}""", Headers(changed));
        Assert.Equal(2, changed.Json.GetProperty("revision").GetInt32());
        Assert.Equal(changed.ETag, (await PatchAsync(made, """{"X-One":"1","x-two":"zwei"}""")).ETag);
        Assert.Equal("null", Headers(await PatchAsync(made, """{"X-One":null,"X-Two":null,"X-Four":null}""")));
        Assert.Equal("null", Headers(await PatchAsync(await CreateAsync("""{"X-One":"1"}"""), "null")));
    }

    [Fact]
    public async Task A_hidden_value_that_is_sent_back_keeps_the_one_it_stands_for()
    {
        var made = await CreateAsync("""{"Authorization":"Bearer of-the-receiver","X-Environment":"test"}""");

        var same = await PatchAsync(made, Headers(made));
        Assert.Equal(made.ETag, same.ETag);

        var other = await PatchAsync(made, $$"""{"authorization":"{{Hidden}}","X-Environment":"production"}""");
        Assert.Equal($$"""{"authorization":"{{Hidden}}","X-Environment":"production"}""", Headers(other));

        (await PatchAsync(made, $$"""{"X-Environment":"{{Hidden}}","X-Token":"{{Hidden}}"}"""))
            .IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/headers/X-Environment invalid_value", "/headers/X-Token invalid_value");
        (await CreateAsync($$"""{"Authorization":"{{Hidden}}"}""")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/headers/Authorization invalid_value");
    }

    [Theory]
    [InlineData("[]", "/headers invalid_type")]
    [InlineData("""{"X-A":1,"X-B":["b"]}""", "/headers/X-A invalid_type", "/headers/X-B invalid_type")]
    [InlineData("""{"Host":"h","Connection":"close","Content-Type":"text/plain","X-Good":"1","Proxy-X":"x","traceparent":"x","a/b~c":"x"}""",
        "/headers/Host invalid_value", "/headers/Connection invalid_value", "/headers/Content-Type invalid_value", "/headers/Proxy-X invalid_value",
        "/headers/traceparent invalid_value", "/headers/a~1b~0c invalid_value")]
    [InlineData("""{"X-A":"a\r\nX-B: b","X-C":"","X-D":" d","X-E":"é","X-F":"\u0000","X-G":"\ud800"}""",
        "/headers/X-A invalid_value", "/headers/X-C invalid_value", "/headers/X-D invalid_value", "/headers/X-E invalid_value",
        "/headers/X-F invalid_value", "/headers/X-G invalid_value")]
    [InlineData("""{"X-A":"1","x-a":"2"}""", "/headers/x-a invalid_value")]
    [InlineData("""{"X-Matcher-Signature":"a","x-matcher-timestamp":"b","X-Matcher-Signature-Previous":"c","X-Matcher-Other":"d"}""",
        "/headers/X-Matcher-Signature invalid_value", "/headers/x-matcher-timestamp invalid_value", "/headers/X-Matcher-Signature-Previous invalid_value")]
    public async Task All_that_break_a_rule_are_named_at_once(string headers, params string[] errors) =>
        (await CreateAsync(headers)).IsProblem(HttpStatusCode.BadRequest, "validation_failed", errors);

    [Fact]
    public async Task There_are_20_at_most_and_together_of_bounded_length()
    {
        Assert.Equal(HttpStatusCode.Created, (await CreateAsync(Many(20, "x"))).Status);
        (await CreateAsync(Many(21, "x"))).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/headers out_of_range");
        (await CreateAsync(Many(5, new string('x', 2000)))).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/headers out_of_range");

        static string Many(int count, string value) => JsonSerializer.Serialize(Enumerable.Range(0, count).ToDictionary(number => $"X-{number}", _ => value));
    }

    [Fact]
    public async Task A_header_that_a_new_profile_or_signature_needs_is_refused_by_what_is_new()
    {
        var made = await CreateAsync("""{"X-Webhook-ID":"mine","X-Acme":"mine"}""");

        (await api.PatchAsync($"/v1/subscriptions/{made.Id}", """{"profile":"kyc"}""")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/profile invalid_value");
        (await api.PatchAsync($"/v1/subscriptions/{made.Id}", """{"signature":{"header":"x-acme"}}""")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/signature invalid_value");
        Assert.Equal(HttpStatusCode.OK, (await api.PatchAsync($"/v1/subscriptions/{made.Id}", """{"profile":"kyc","headers":{"X-Webhook-ID":null}}""")).Status);
    }

    private Task<Answer> CreateAsync(string headers) =>
        api.PostAsync("/v1/subscriptions", $$"""{"tenant_id":"headers","url":"https://receiver.example/","event_types":["a"],"headers":{{headers}} }""");

    private Task<Answer> PatchAsync(Answer made, string headers) => api.PatchAsync($"/v1/subscriptions/{made.Id}", $$"""{"headers":{{headers}} }""");

    private static string Headers(Answer answer) => answer.Json.GetProperty("headers").GetRawText();
}
