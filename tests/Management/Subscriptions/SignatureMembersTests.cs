using System.Net;
using System.Text.Json;

namespace Webhooks.Management.Tests.Subscriptions;

public sealed class SignatureMembersTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    [Fact]
    public async Task A_signature_comes_back_with_every_member_and_null_is_the_profiles()
    {
        const string Whole = """
            {"algorithm":"hmac-sha512","header":"X-Acme-Signature","message_template":"v0:{timestamp}:{id}:{body}","value_template":"v0={digest}","digest_encoding":"base64","secret_encoding":"base64","secret_prefix":"whsec_","timestamp_header":"X-Acme-Time","id_header":"X-Acme-Id"}
            """;

        var made = await CreateAsync(Whole);

        Assert.Equal(HttpStatusCode.Created, made.Status);
        Assert.Equal(Whole.Trim(), Signature(made));
        Assert.Equal(made.ETag, (await PatchAsync(made, Signature(made))).ETag);

        var part = await CreateAsync("""{"digest_encoding":"base64url"}""");
        Assert.Equal(
            """{"algorithm":null,"header":null,"message_template":null,"value_template":null,"digest_encoding":"base64url","secret_encoding":null,"secret_prefix":null,"timestamp_header":null,"id_header":null}""",
            Signature(part));
        Assert.Equal("null", Signature(await CreateAsync("{}")));
    }

    [Fact]
    public async Task A_change_is_a_merge_patch()
    {
        var made = await CreateAsync("""{"algorithm":"hmac-sha512","header":"X-Acme"}""");

        var changed = await PatchAsync(made, """{"header":null,"digest_encoding":"base64"}""");

        Assert.Equal(2, changed.Json.GetProperty("revision").GetInt32());
        Assert.Equal(("hmac-sha512", JsonValueKind.Null, "base64"), (
            changed.Json.GetProperty("signature").GetProperty("algorithm").GetString(),
            changed.Json.GetProperty("signature").GetProperty("header").ValueKind,
            changed.Json.GetProperty("signature").GetProperty("digest_encoding").GetString()));
        Assert.Equal("null", Signature(await PatchAsync(made, """{"algorithm":null,"digest_encoding":null}""")));
        Assert.Equal("null", Signature(await PatchAsync(await CreateAsync("""{"header":"X-Acme"}"""), "null")));
    }

    [Fact]
    public async Task Ed25519_is_not_supported_yet()
    {
        var refused = await CreateAsync("""{"algorithm":"ed25519"}""");

        refused.IsProblem(HttpStatusCode.BadRequest, "not_supported_yet", "/signature/algorithm not_supported_yet");
        Assert.Contains("Ed25519 comes with a later version", refused.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("5", "/signature invalid_type")]
    [InlineData("""{"algorithm":"md5","digest_encoding":"HEX","secret_encoding":"utf16"}""",
        "/signature/algorithm invalid_value", "/signature/digest_encoding invalid_value", "/signature/secret_encoding invalid_value")]
    [InlineData("""{"multiple":"space","header":1}""", "/signature/header invalid_type", "/signature/multiple unknown_member")]
    [InlineData("""{"header":"X Y","timestamp_header":"Host","id_header":"Content-Id"}""",
        "/signature/header invalid_value", "/signature/timestamp_header invalid_value", "/signature/id_header invalid_value")]
    [InlineData("""{"header":"User-Agent"}""", "/signature/header invalid_value")]
    [InlineData("""{"message_template":"{body}.{nonce}"}""", "/signature/message_template invalid_value")]
    [InlineData("""{"message_template":"{body"}""", "/signature/message_template invalid_value")]
    [InlineData("""{"message_template":"{timestamp}"}""", "/signature/message_template invalid_value")]
    [InlineData("""{"message_template":"{pointer:/id}"}""", "/signature/message_template invalid_value")]
    [InlineData("""{"message_template":"{pointer:id}{body}"}""", "/signature/message_template invalid_value")]
    [InlineData("""{"message_template":"{header:}{body}"}""", "/signature/message_template invalid_value")]
    [InlineData("""{"value_template":"sha256="}""", "/signature/value_template invalid_value")]
    [InlineData("""{"value_template":"{digest}{digest}"}""", "/signature/value_template invalid_value")]
    [InlineData("""{"value_template":"t={timestamp},v1={digest}"}""", "/signature/value_template invalid_value")]
    [InlineData("""{"value_template":"a\r\nX: {digest}"}""", "/signature/value_template invalid_value")]
    [InlineData("""{"value_template":"{digest} "}""", "/signature/value_template invalid_value")]
    [InlineData("""{"secret_prefix":"a b"}""", "/signature/secret_prefix invalid_format")]
    [InlineData("""{"secret_prefix":"whsec_"}""", "/signature/secret_prefix invalid_value")]
    [InlineData("""{"message_template":"{id}.{body}"}""", "/signature/id_header invalid_value")]
    [InlineData("""{"header":"X-Matcher-Timestamp","timestamp_header":"X-Matcher-Timestamp"}""", "/signature/header invalid_value")]
    [InlineData("""{"header":"X-One","id_header":"x-one"}""", "/signature/header invalid_value")]
    [InlineData("""{"message_template":"{header:X-Matcher-Signature}.{body}"}""", "/signature/header invalid_value")]
    [InlineData("""{"message_template":"{header:X-Nobody-Sends}.{body}"}""", "/signature invalid_value")]
    public async Task What_can_never_be_verified_or_proves_nothing_is_refused(string signature, params string[] errors) =>
        (await CreateAsync(signature)).IsProblem(HttpStatusCode.BadRequest, "validation_failed", errors);

    [Fact]
    public async Task A_timestamp_in_the_message_needs_a_header_unless_it_comes_from_a_pointer()
    {
        (await CreateAsync("""{"message_template":"{timestamp}.{body}"}""", profile: "matchaudit"))
            .IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/signature/timestamp_header invalid_value");

        Assert.Equal(HttpStatusCode.Created, (await CreateAsync("""{"message_template":"{timestamp}.{body}","timestamp_header":"X-Time"}""", profile: "matchaudit")).Status);
        Assert.Equal(HttpStatusCode.Created, (await CreateAsync("""{"message_template":"{pointer:/created}.{body}"}""", profile: "matchaudit")).Status);
    }

    [Fact]
    public async Task A_pointer_must_fit_the_documented_examples_of_the_types_that_are_named()
    {
        const string Signature = """{"message_template":"{pointer:/data/exception_id}.{body}"}""";
        var made = await CreateAsync(Signature, eventTypes: """["exception.created"]""");
        Assert.Equal(HttpStatusCode.Created, made.Status);
        Assert.Equal(HttpStatusCode.Created, (await CreateAsync(Signature, eventTypes: """["something.nobody.documented"]""")).Status);

        var refused = await CreateAsync(Signature, eventTypes: """["exception.created","match.confirmed"]""");
        refused.IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/signature invalid_value");
        Assert.Contains("{pointer:/data/exception_id}", refused.Text, StringComparison.Ordinal);

        // It fits until the types or the body are others.
        (await api.PatchAsync($"/v1/subscriptions/{made.Id}", """{"event_types":["match.confirmed"]}""")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/event_types invalid_value");
        (await api.PatchAsync($"/v1/subscriptions/{made.Id}", """{"transform":{"exclude":["/data/exception_id"]}}""")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/transform invalid_value");
    }

    [Fact]
    public async Task A_message_may_cover_a_header_of_the_subscriptions_own_which_then_stays()
    {
        var made = await CreateAsync("""{"message_template":"{header:X-Tenant}.{body}"}""", more: ""","headers":{"X-Tenant":"acme"}""");
        Assert.Equal(HttpStatusCode.Created, made.Status);

        (await api.PatchAsync($"/v1/subscriptions/{made.Id}", """{"headers":null}""")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/headers invalid_value");
    }

    [Fact]
    public async Task A_secret_must_decode_as_the_signature_says_and_a_generated_one_does()
    {
        const string Base64 = """{"secret_encoding":"base64","secret_prefix":"acme_"}""";
        (await CreateAsync(Base64, more: ""","secret":"plain text, no base64 at all" """)).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/secret invalid_value");

        var plain = await CreateAsync("null", more: ""","secret":"plain text, no base64 at all" """);
        (await PatchAsync(plain, Base64)).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/signature invalid_value");

        var generated = await CreateAsync(Base64);
        Assert.Matches("^acme_[A-Za-z0-9+/]{43}=$", generated.Member("secret"));
        Assert.StartsWith("acme_", (await api.PostAsync($"/v1/subscriptions/{generated.Id}/rotate-secret", "{}")).Member("secret"), StringComparison.Ordinal);
        (await api.PostAsync($"/v1/subscriptions/{generated.Id}/rotate-secret", """{"secret":"plain text, no base64 at all"}""")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/secret invalid_value");
    }

    [Fact]
    public async Task The_standard_profile_can_be_signed_in_plain_text()
    {
        var made = await CreateAsync("""{"secret_encoding":"utf8"}""", profile: "standard", more: ""","secret":"plain text, no base64 at all" """);

        Assert.Equal(HttpStatusCode.Created, made.Status);
        (await PatchAsync(made, "null")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/signature invalid_value");
    }

    private Task<Answer> CreateAsync(string signature, string profile = "matcher", string eventTypes = """["a"]""", string more = "") => api.PostAsync(
        "/v1/subscriptions",
        $$"""{"tenant_id":"signatures","url":"https://receiver.example/","event_types":{{eventTypes}},"profile":"{{profile}}","signature":{{signature}}{{more}} }""");

    private Task<Answer> PatchAsync(Answer made, string signature) => api.PatchAsync($"/v1/subscriptions/{made.Id}", $$"""{"signature":{{signature}} }""");

    private static string Signature(Answer answer) => answer.Json.GetProperty("signature").GetRawText();
}
