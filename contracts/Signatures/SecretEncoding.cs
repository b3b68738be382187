using System.Text.Json.Serialization;

namespace Webhooks.Signatures;

/// <summary>How a secret's text becomes the key's bytes. The names in brackets are the wire names.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SecretEncoding>))]
public enum SecretEncoding
{
    /// <summary>[<c>utf8</c>] The UTF-8 bytes of the whole text, a prefix such as <c>whsec_</c> included.</summary>
    [JsonStringEnumMemberName("utf8")]
    Utf8,

    /// <summary>[<c>base64</c>] Base64 of what follows the scheme's secret prefix, if the prefix is there; padding may be left out.</summary>
    [JsonStringEnumMemberName("base64")]
    Base64,
}
