namespace Webhooks.Signatures.Tests;

public sealed class SignatureVerifierTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_705_758_600);

    [Theory]
    [InlineData(0, SignatureVerification.Valid)]
    [InlineData(-300, SignatureVerification.Valid)]
    [InlineData(300, SignatureVerification.Valid)]
    [InlineData(-301, SignatureVerification.TimestampOutsideTolerance)]
    [InlineData(301, SignatureVerification.TimestampOutsideTolerance)]
    public void A_timestamp_may_be_as_far_away_as_the_tolerance(int seconds, SignatureVerification expected) =>
        Assert.Equal(expected, VerifySigned((Now.ToUnixTimeSeconds() + seconds).ToString()));

    [Theory]
    [InlineData("yesterday")]
    [InlineData("1705758600.0")]
    [InlineData("-1")]
    [InlineData(" 1705758600")]
    [InlineData("9223372036854775807")]
    [InlineData("99999999999999999999999999")]
    public void An_authentic_timestamp_that_is_no_unix_time_is_outside_tolerance(string timestamp) =>
        Assert.Equal(SignatureVerification.TimestampOutsideTolerance, VerifySigned(timestamp));

    [Fact]
    public void Without_tolerance_the_timestamp_is_text()
    {
        var key = new SigningKey(Schemes.Matcher, "secret");
        Dictionary<string, string> headers = new() { ["X-Matcher-Timestamp"] = "yesterday", ["X-Matcher-Signature"] = key.Sign("{}"u8, "yesterday") };

        Assert.Equal(SignatureVerification.Valid, new SignatureVerifier(Schemes.Matcher, "secret").Verify(headers, "{}"u8, Now));
    }

    // Computed with Python's hmac.
    private const string StripeBody = """{"id":"evt_1","object":"event","type":"charge.dispute.closed","created":1705758590,"data":{"object":{"id":"du_1","status":"won","metadata":{"exception_id":"exc_001"}}}}""";
    private const string StripeDigest = "40bbb79fd1220e0fcbd3c766756eb242f7e493db9f59d1b80e87abb8ca74e823";

    [Theory]
    [InlineData("t=1705758600,v1={0}", SignatureVerification.Valid)]
    [InlineData("v0=00, v1=00, v1={0}, t=1705758600", SignatureVerification.Valid)]
    [InlineData("t=1705758601,v1={0}", SignatureVerification.SignatureMismatch)]
    [InlineData("t=1705758600,t=1705758600,v1={0}", SignatureVerification.MissingHeader)]
    [InlineData("t=,v1={0}", SignatureVerification.MissingHeader)]
    [InlineData("v1={0}", SignatureVerification.MissingHeader)]
    [InlineData("t=1705758600,,", SignatureVerification.MalformedSignature)]
    public void A_timestamp_may_stand_in_the_signatures_own_header(string header, SignatureVerification expected)
    {
        Dictionary<string, string> headers = new() { ["stripe-signature"] = header.Replace("{0}", StripeDigest, StringComparison.Ordinal) };
        var verifier = new SignatureVerifier(Schemes.Listed, "whsec_stripe_test_secret_0001") { Tolerance = TimeSpan.FromMinutes(5) };

        Assert.Equal(expected, verifier.Verify(headers, System.Text.Encoding.UTF8.GetBytes(StripeBody), Now));
        Assert.Equal(
            $"t=1705758600,v1={StripeDigest}",
            new SigningKey(Schemes.Listed, "whsec_stripe_test_secret_0001").Sign(System.Text.Encoding.UTF8.GetBytes(StripeBody), "1705758600"));
    }

    [Fact]
    public void A_forged_stale_message_is_a_mismatch() => Assert.Equal(
        SignatureVerification.SignatureMismatch, VerifySigned("1", signedTimestamp: "2"));

    [Fact]
    public void A_tolerance_needs_a_timestamp_header() => Assert.Throws<ArgumentException>(
        () => new SignatureVerifier(Schemes.MatchAudit, "secret") { Tolerance = TimeSpan.FromMinutes(5) });

    [Fact]
    public void A_tolerance_asks_for_the_timestamp_even_when_it_is_not_signed()
    {
        var scheme = new SignatureScheme("X-Signature", "{body}", timestampHeader: "X-Timestamp");
        Dictionary<string, string> headers = new() { ["X-Signature"] = new SigningKey(scheme, "secret").Sign("{}"u8) };

        Assert.Equal(SignatureVerification.Valid, new SignatureVerifier(scheme, "secret").Verify(headers, "{}"u8, Now));
        Assert.Equal(
            SignatureVerification.MissingHeader,
            new SignatureVerifier(scheme, "secret") { Tolerance = TimeSpan.FromMinutes(5) }.Verify(headers, "{}"u8, Now));
    }

    [Theory]
    [InlineData("old", SignatureVerification.Valid)]
    [InlineData("new", SignatureVerification.Valid)]
    [InlineData("stolen", SignatureVerification.SignatureMismatch)]
    public void Any_of_several_secrets_may_have_signed(string signedWith, SignatureVerification expected)
    {
        Dictionary<string, string> headers = new() { ["x-matchaudit-signature"] = new SigningKey(Schemes.MatchAudit, signedWith).Sign("{}"u8) };

        Assert.Equal(expected, new SignatureVerifier(Schemes.MatchAudit, "new", "old").Verify(headers, "{}"u8, Now));
    }

    [Theory]
    [InlineData("{0}", SignatureVerification.Valid)]
    [InlineData("v1a,x {0}  v2,y", SignatureVerification.Valid)]
    [InlineData("{0},", SignatureVerification.MalformedSignature)]
    [InlineData("v2,abc v1a,def", SignatureVerification.MalformedSignature)]
    [InlineData("   ", SignatureVerification.MalformedSignature)]
    [InlineData("v1,MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA= v1,", SignatureVerification.SignatureMismatch)]
    public void A_list_is_as_good_as_its_best_entry(string list, SignatureVerification expected)
    {
        var signature = new SigningKey(Schemes.Standard, Schemes.Secret).Sign("{}"u8, "1", "msg_1");
        Dictionary<string, string> headers = new()
        {
            ["webhook-id"] = "msg_1",
            ["webhook-timestamp"] = "1",
            ["webhook-signature"] = list.Replace("{0}", signature, StringComparison.Ordinal),
        };

        Assert.Equal(expected, new SignatureVerifier(Schemes.Standard, Schemes.Secret).Verify(headers, "{}"u8, Now));
    }

    [Theory]
    [InlineData("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", SignatureVerification.SignatureMismatch)]
    [InlineData("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF=", SignatureVerification.MalformedSignature)] // unused bits set
    [InlineData("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE", SignatureVerification.SignatureMismatch)] // unpadded
    [InlineData("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF", SignatureVerification.MalformedSignature)]
    [InlineData("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE==", SignatureVerification.MalformedSignature)] // one too many
    [InlineData("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=\u0000", SignatureVerification.MalformedSignature)]
    [InlineData("g0hM9SsE-OTPJTGt_tmIKtSyZlE3uFJELVlNIOLJ1OE=", SignatureVerification.MalformedSignature)] // the other alphabet
    [InlineData("g0hM9SsE OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", SignatureVerification.MalformedSignature)]
    [InlineData("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1A==", SignatureVerification.MalformedSignature)] // 31 bytes
    public void Base64_has_one_spelling_but_for_its_padding(string signature, SignatureVerification expected)
    {
        var scheme = new SignatureScheme("X-Signature", "{body}", digestEncoding: DigestEncoding.Base64);

        Assert.Equal(expected, new SignatureVerifier(scheme, "secret").Verify(_ => signature, "{}"u8, Now));
    }

    // Padding is what senders differ in: .NET, Java and Python write it, JWT libraries and Node's base64url leave it out.
    [Theory]
    [InlineData(SignatureAlgorithm.HmacSha256, DigestEncoding.Base64, "=")]
    [InlineData(SignatureAlgorithm.HmacSha256, DigestEncoding.Base64Url, "=")]
    [InlineData(SignatureAlgorithm.HmacSha512, DigestEncoding.Base64, "==")]
    [InlineData(SignatureAlgorithm.HmacSha512, DigestEncoding.Base64Url, "==")]
    public void Base64_is_taken_with_all_its_padding_or_with_none(SignatureAlgorithm algorithm, DigestEncoding encoding, string padding)
    {
        var scheme = new SignatureScheme("X-Signature", "{body}", algorithm: algorithm, digestEncoding: encoding);
        var bare = new SigningKey(scheme, "secret").Sign("{}"u8).TrimEnd('=');
        SignatureVerification Verify(string signature) => new SignatureVerifier(scheme, "secret").Verify(_ => signature, "{}"u8, Now);

        Assert.Equal(SignatureVerification.Valid, Verify(bare));
        Assert.Equal(SignatureVerification.Valid, Verify(bare + padding));
        Assert.Equal(SignatureVerification.MalformedSignature, Verify(bare + padding + "="));
        Assert.Equal(SignatureVerification.MalformedSignature, Verify(padding + bare));
        Assert.Equal(padding.Length == 2 ? SignatureVerification.MalformedSignature : SignatureVerification.Valid, Verify(bare + "="));
    }

    [Fact]
    public void A_repeated_header_counts_as_its_values_joined()
    {
        var signature = new SigningKey(Schemes.MatchAudit, "secret").Sign("{}"u8);
        KeyValuePair<string, string>[] headers = [new("X-MatchAudit-Signature", signature), new("x-matchaudit-signature", signature)];

        Assert.Equal(SignatureVerification.MalformedSignature, new SignatureVerifier(Schemes.MatchAudit, "secret").Verify(headers, "{}"u8, Now));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("not json")]
    [InlineData("")]
    public void A_body_without_the_value_of_a_pointer_is_a_mismatch(string body)
    {
        var verifier = new SignatureVerifier(Schemes.Pointer, "secret");

        Assert.Equal(
            SignatureVerification.SignatureMismatch,
            verifier.Verify(_ => new string('0', 64), System.Text.Encoding.UTF8.GetBytes(body), Now));
    }

    [Theory]
    [InlineData("v1,", SignatureVerification.MalformedSignature)]
    [InlineData("   ", SignatureVerification.MalformedSignature)]
    [InlineData("v1,MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA= ", SignatureVerification.SignatureMismatch)]
    public void Headers_of_megabytes_have_an_answer(string repeated, SignatureVerification expected)
    {
        var huge = string.Concat(Enumerable.Repeat(repeated, 3_000_000 / repeated.Length));

        Assert.Equal(expected, new SignatureVerifier(Schemes.Standard, Schemes.Secret).Verify(_ => huge, "{}"u8, Now));
    }

    [Fact]
    public void A_verifier_needs_a_secret()
    {
        Assert.Throws<ArgumentException>(() => new SignatureVerifier(Schemes.Matcher));
        Assert.Throws<ArgumentException>(() => new SignatureVerifier(Schemes.Matcher, "good", ""));
    }

    private static SignatureVerification VerifySigned(string timestamp, string? signedTimestamp = null)
    {
        Dictionary<string, string> headers = new()
        {
            ["x-matcher-timestamp"] = timestamp,
            ["x-matcher-signature"] = new SigningKey(Schemes.Matcher, "secret").Sign("{}"u8, signedTimestamp ?? timestamp),
        };
        return new SignatureVerifier(Schemes.Matcher, "secret") { Tolerance = TimeSpan.FromMinutes(5) }.Verify(headers, "{}"u8, Now);
    }
}
