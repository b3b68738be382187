namespace Webhooks.Signatures.Tests;

public sealed class SignatureSchemeTests
{
    [Theory]
    [InlineData("{body}{foo}", "unknown placeholder {foo}")]
    [InlineData("{Body}", "unknown placeholder {Body}")]
    [InlineData("{body:x}", "unknown placeholder {body:x}")]
    [InlineData("{header}{body}", "unknown placeholder {header}")]
    [InlineData("{digest}{body}", "unknown placeholder {digest}")]
    [InlineData("{}{body}", "unknown placeholder {}")]
    [InlineData("{header:}{body}", "does not name a header")]
    [InlineData("{header:X Y}{body}", "does not name a header")]
    [InlineData("{pointer:event}", "is not a JSON pointer")]
    [InlineData("{pointer:/a~2}", "is not a JSON pointer")]
    [InlineData("{pointer:/a~}", "is not a JSON pointer")]
    [InlineData("{body", "opens a placeholder at 0")]
    [InlineData("a{{body}", "opens a placeholder at 1")]
    [InlineData("{body}}", "closes a placeholder at 6")]
    [InlineData("", "must contain {body}")]
    [InlineData("{header:X-A}", "must contain {body}")]
    [InlineData("{timestamp}.{body}", "needs a timestamp header")]
    [InlineData("{id}.{body}", "needs an id header")]
    [InlineData("{header:x-signature}{body}", "cannot be part of what is signed")]
    public void A_message_template_that_cannot_work_is_refused_with_its_reason(string template, string reason)
    {
        var exception = Assert.Throws<ArgumentException>(() => new SignatureScheme("X-Signature", template));

        Assert.Contains(reason, exception.Message);
        Assert.Contains(reason.StartsWith("cannot be") ? "X-Signature" : $"message template '{template}'", exception.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("", "must contain {digest} exactly once")]
    [InlineData("sha256=", "must contain {digest} exactly once")]
    [InlineData("{digest}{digest}", "must contain {digest} exactly once")]
    [InlineData("t={timestamp},v1={digest}", "unknown placeholder {timestamp}")]
    [InlineData("{digest", "opens a placeholder at 0")]
    public void A_value_template_that_cannot_work_is_refused_with_its_reason(string template, string reason)
    {
        var exception = Assert.Throws<ArgumentException>(() => new SignatureScheme("X-Signature", "{body}", template));

        Assert.Contains(reason, exception.Message);
        Assert.Contains($"value template '{template}'", exception.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("X Signature")]
    [InlineData("X-Signature:")]
    [InlineData("X-Signature\r\nEvil")]
    [InlineData("X-Signätur")]
    public void A_header_that_HTTP_cannot_carry_is_refused(string header)
    {
        Assert.Throws<ArgumentException>(() => new SignatureScheme(header, "{body}"));
        Assert.Throws<ArgumentException>(() => new SignatureScheme("X-Signature", "{body}", timestampHeader: header));
        Assert.Throws<ArgumentException>(() => new SignatureScheme("X-Signature", "{body}", idHeader: header));
    }

    [Fact]
    public void A_space_in_the_value_of_a_space_separated_list_is_refused() => Assert.Throws<ArgumentException>(
        () => new SignatureScheme("X-Signature", "{body}", "v1 {digest}", multiple: SignatureSeparator.Space));

    [Theory]
    [InlineData("X-Signature", "t={timestamp}", null, "v1={digest}")]
    [InlineData("X-Timestamp", "t={timestamp}", SignatureSeparator.Comma, "v1={digest}")]
    [InlineData(null, "t={timestamp}", SignatureSeparator.Comma, "v1={digest}")]
    [InlineData("X-Signature", "t={digest}", SignatureSeparator.Comma, "v1={digest}")]
    [InlineData("X-Signature", "t=", SignatureSeparator.Comma, "v1={digest}")]
    [InlineData("X-Signature", null, SignatureSeparator.Comma, "v1={digest}")]
    [InlineData("X-Signature", "t={timestamp}", SignatureSeparator.Comma, "v1,{digest}")]
    public void A_timestamp_in_the_signatures_header_is_an_item_of_its_list(string? timestampHeader, string? template, SignatureSeparator? separator, string value) => Assert.Throws<ArgumentException>(
        () => new SignatureScheme("X-Signature", "{timestamp}.{body}", value, timestampHeader, multiple: separator, timestampTemplate: template));

    [Fact]
    public void A_secret_prefix_without_base64_is_refused() => Assert.Throws<ArgumentException>(
        () => new SignatureScheme("X-Signature", "{body}", secretPrefix: "whsec_"));

    [Fact]
    public void Schemes_are_equal_by_value()
    {
        var same = new SignatureScheme("X-Matcher-Signature", "{timestamp}.{body}", "sha256={digest}", "X-Matcher-Timestamp");

        Assert.Equal(Schemes.Matcher, same);
        Assert.Equal(Schemes.Matcher.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(Schemes.Matcher, new SignatureScheme("X-Matcher-Signature", "{body}", "sha256={digest}", "X-Matcher-Timestamp"));
    }

    [Theory]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 24)]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", 23)] // one padding character left out
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBr", 25)] // two
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBg==", 25)]
    public void A_base64_secret_decodes_with_or_without_prefix_and_padding(string secret, int length)
    {
        Assert.True(Schemes.Standard.TryDecodeSecret(secret, out var key));
        Assert.Equal(length, key.Length);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("whsec_")]
    [InlineData("whsec_====")]
    [InlineData("whsec_MfKQ9")] // five characters are no base64
    [InlineData("whsec_not base64!")]
    public void A_secret_that_is_not_base64_is_refused(string? secret)
    {
        Assert.False(Schemes.Standard.TryDecodeSecret(secret, out _));
        var exception = Assert.Throws<ArgumentException>(() => new SigningKey(Schemes.Standard, secret!));
        Assert.DoesNotContain("MfKQ9", exception.Message);
    }

    [Fact]
    public void A_utf8_secret_is_used_whole()
    {
        Assert.True(Schemes.Matcher.TryDecodeSecret("whsec_é", out var key));
        Assert.Equal("whsec_é"u8, key);
    }
}
