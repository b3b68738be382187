using System.Text.Json.Serialization;

namespace Webhooks.Signatures;

/// <summary>What stands between the signatures of a header that may carry several. The name in brackets is the wire name.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SignatureSeparator>))]
public enum SignatureSeparator
{
    /// <summary>[<c>space</c>] As in Standard Webhooks.</summary>
    [JsonStringEnumMemberName("space")]
    Space,

    /// <summary>[<c>comma</c>] As Stripe lists them; blanks around an item do not count.</summary>
    [JsonStringEnumMemberName("comma")]
    Comma,
}
