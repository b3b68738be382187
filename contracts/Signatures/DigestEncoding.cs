using System.Text.Json.Serialization;

namespace Webhooks.Signatures;

/// <summary>How a digest is written in the signature header. The names in brackets are the wire names.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DigestEncoding>))]
public enum DigestEncoding
{
    /// <summary>[<c>hex</c>] Written in lower case, read in either.</summary>
    [JsonStringEnumMemberName("hex")]
    Hex,

    /// <summary>[<c>base64</c>] RFC 4648 section 4, padded.</summary>
    [JsonStringEnumMemberName("base64")]
    Base64,

    /// <summary>[<c>base64url</c>] RFC 4648 section 5, without padding; padding that is there is taken, too.</summary>
    [JsonStringEnumMemberName("base64url")]
    Base64Url,
}
