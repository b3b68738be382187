using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Webhooks.Signatures.Tests;

public sealed class SignaturePropertyTests
{
    private static readonly Arbitrary<SignatureScheme> AnyScheme = Gen.Elements(Schemes.All).ToArbitrary();

    [Fact]
    public void What_is_signed_verifies() =>
        Prop.ForAll(AnyScheme, ArbMap.Default.ArbFor<byte[]>(), ArbMap.Default.ArbFor<NonEmptyString>(), (scheme, bytes, id) =>
        {
            var request = Sign(scheme, bytes, id.Get);
            return Verify(scheme, request.Headers, request.Body) is SignatureVerification.Valid;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_changed_byte_of_the_body_is_a_mismatch() =>
        Prop.ForAll(AnyScheme, ArbMap.Default.ArbFor<byte[]>(), ArbMap.Default.ArbFor<Tuple<PositiveInt, byte>>(), (scheme, bytes, change) =>
        {
            var request = Sign(scheme, [.. bytes, 0], "id");
            var position = change.Item1.Get % request.Body.Length;
            request.Body[position] ^= (byte)(change.Item2 | 1);
            return Verify(scheme, request.Headers, request.Body) is SignatureVerification.SignatureMismatch;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_cut_of_the_body_is_a_mismatch() =>
        Prop.ForAll(AnyScheme, ArbMap.Default.ArbFor<byte[]>(), ArbMap.Default.ArbFor<PositiveInt>(), (scheme, bytes, cut) =>
        {
            var request = Sign(scheme, [.. bytes, 0], "id");
            var length = cut.Get % request.Body.Length;
            return Verify(scheme, request.Headers, request.Body[..length]) is SignatureVerification.SignatureMismatch;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Another_secret_is_a_mismatch() =>
        Prop.ForAll(AnyScheme, ArbMap.Default.ArbFor<byte[]>(), (scheme, bytes) =>
        {
            var request = Sign(scheme, bytes, "id");
            return Verify(scheme, request.Headers, request.Body, Schemes.OtherSecret) is SignatureVerification.SignatureMismatch;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_text_in_any_header_has_an_answer_and_is_not_valid() =>
        Prop.ForAll(AnyScheme, ArbMap.Default.ArbFor<Tuple<string?, string?, string?>>(), ArbMap.Default.ArbFor<byte[]>(), (scheme, texts, body) =>
        {
            string?[] values = [texts.Item1, texts.Item2, texts.Item3];
            var verifier = new SignatureVerifier(scheme, Schemes.Secret) { Tolerance = scheme.TimestampHeader is null ? null : TimeSpan.FromMinutes(5) };
            return verifier.Verify(name => values[name.Length % 3], body, DateTimeOffset.UnixEpoch) is not SignatureVerification.Valid;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    [Fact]
    public void Any_changed_character_of_the_signature_is_not_valid() =>
        Prop.ForAll(AnyScheme, ArbMap.Default.ArbFor<PositiveInt>(), ArbMap.Default.ArbFor<char>(), (scheme, where, with) =>
        {
            var request = Sign(scheme, "body"u8.ToArray(), "id");
            var signature = request.Headers[scheme.SignatureHeader].ToCharArray();
            var position = where.Get % signature.Length;

            // Hex is read in both cases, and base64 without its padding, which a space at the end of a list of signatures makes of it: the same digest.
            var same = char.ToLowerInvariant(signature[position]) == char.ToLowerInvariant(with) || (signature[position], with) == ('=', ' ');
            signature[position] = with;
            request.Headers[scheme.SignatureHeader] = new string(signature);
            return same || Verify(scheme, request.Headers, request.Body) is not SignatureVerification.Valid;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    /// <summary>A scheme with pointers needs JSON, so there the bytes travel in a member of it.</summary>
    private static (Dictionary<string, string> Headers, byte[] Body) Sign(SignatureScheme scheme, byte[] bytes, string id)
    {
        var body = scheme == Schemes.Pointer
            ? Encoding.UTF8.GetBytes($$$"""{"event":{"id":"{{{Convert.ToBase64String(bytes)}}}"},"amounts":[0,1000.0]}""")
            : [.. bytes];
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["X-Source"] = id,
            [scheme.TimestampHeader ?? "X-Time"] = "1705758600",
            [scheme.IdHeader ?? "X-Id"] = id,
        };
        headers[scheme.SignatureHeader] = new SigningKey(scheme, Schemes.Secret).Sign(body, "1705758600", id, headers.GetValueOrDefault);
        return (headers, body);
    }

    private static SignatureVerification Verify(
        SignatureScheme scheme, Dictionary<string, string> headers, byte[] body, string secret = Schemes.Secret) =>
        new SignatureVerifier(scheme, secret).Verify(headers, body, DateTimeOffset.UnixEpoch);
}
