using System.Text;

namespace Webhooks.Signatures.Tests;

public sealed class SignatureVectorTests
{
    public static TheoryData<string> All => [.. SignatureVectors.ByName.Keys];

    // Several signatures in one header are written by several keys, and upper-case hex is read but never written.
    public static TheoryData<string> Reproducible => [.. SignatureVectors.ByName.Values
        .Where(vector => vector.Valid && !vector.Header(vector.Scheme.SignatureHeader)!.Contains(' ') && !vector.Name.Contains("upper-case"))
        .Select(vector => vector.Name)];

    [Fact]
    public void All_vectors_are_read() => Assert.Equal(31, All.Count);

    [Theory]
    [MemberData(nameof(All))]
    public void Verification_gives_the_known_answer(string name)
    {
        var vector = SignatureVectors.ByName[name];

        var answer = new SignatureVerifier(vector.Scheme, vector.Secret)
            .Verify(vector.Headers, Encoding.UTF8.GetBytes(vector.Body), DateTimeOffset.UnixEpoch);

        Assert.Equal(vector.Valid ? "valid" : vector.Why, answer.WireName());
    }

    [Theory]
    [MemberData(nameof(Reproducible))]
    public void Signing_writes_the_known_header(string name)
    {
        var vector = SignatureVectors.ByName[name];

        var header = new SigningKey(vector.Scheme, vector.Secret).Sign(
            Encoding.UTF8.GetBytes(vector.Body),
            timestamp: vector.Scheme.TimestampHeader is { } timestamp ? vector.Header(timestamp) : null,
            id: vector.Scheme.IdHeader is { } id ? vector.Header(id) : null,
            headers: vector.Header);

        Assert.Equal(vector.Header(vector.Scheme.SignatureHeader), header);
    }
}
