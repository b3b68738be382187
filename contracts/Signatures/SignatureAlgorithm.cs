using System.Text.Json.Serialization;

namespace Webhooks.Signatures;

/// <summary>
/// How the digest of a message is made. The names in brackets are the wire names.
/// Ed25519 takes its place here and in <see cref="SigningKey"/> when it comes; nothing else asks for the algorithm.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<SignatureAlgorithm>))]
public enum SignatureAlgorithm
{
    /// <summary>[<c>HMAC-SHA256</c>] 32 bytes.</summary>
    [JsonStringEnumMemberName("HMAC-SHA256")]
    HmacSha256,

    /// <summary>[<c>HMAC-SHA512</c>] 64 bytes.</summary>
    [JsonStringEnumMemberName("HMAC-SHA512")]
    HmacSha512,
}
