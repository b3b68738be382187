using Webhooks.Signatures;

namespace Webhooks.Subscriptions.Storage;

/// <summary>An algorithm's name in the database and in the API.</summary>
public static class SignatureAlgorithmName
{
    private const string HmacSha256 = "hmac-sha256";
    private const string HmacSha512 = "hmac-sha512";

    public static string Of(SignatureAlgorithm algorithm) => algorithm switch
    {
        SignatureAlgorithm.HmacSha256 => HmacSha256,
        SignatureAlgorithm.HmacSha512 => HmacSha512,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "This algorithm has no name."),
    };

    public static SignatureAlgorithm? Find(string? name) => name switch
    {
        HmacSha256 => SignatureAlgorithm.HmacSha256,
        HmacSha512 => SignatureAlgorithm.HmacSha512,
        _ => null,
    };
}
