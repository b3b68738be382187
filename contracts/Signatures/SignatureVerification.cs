using System.Text.Json.Serialization;

namespace Webhooks.Signatures;

/// <summary>
/// What a verification found. The names in brackets are the wire names; where several would apply, the first in this order is told.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<SignatureVerification>))]
public enum SignatureVerification
{
    /// <summary>[<c>valid</c>] Some signature in the header is that of some secret over exactly these bytes, and fresh enough.</summary>
    [JsonStringEnumMemberName("valid")]
    Valid,

    /// <summary>[<c>missing_header</c>] The signature header, or a header that the signature covers, is absent or empty.</summary>
    [JsonStringEnumMemberName("missing_header")]
    MissingHeader,

    /// <summary>[<c>malformed_signature</c>] Nothing in the signature header has the form that the scheme prescribes.</summary>
    [JsonStringEnumMemberName("malformed_signature")]
    MalformedSignature,

    /// <summary>[<c>signature_mismatch</c>] Well-formed, but not of this message under any of the secrets.</summary>
    [JsonStringEnumMemberName("signature_mismatch")]
    SignatureMismatch,

    /// <summary>[<c>timestamp_outside_tolerance</c>] Authentic, but its timestamp is too far from now or no number of unix seconds.</summary>
    [JsonStringEnumMemberName("timestamp_outside_tolerance")]
    TimestampOutsideTolerance,
}

/// <summary>The names that APIs and logs use for the results of verification.</summary>
public static class SignatureVerificationNames
{
    /// <summary>The wire name, such as <c>missing_header</c>.</summary>
    /// <param name="verification">One of the named values; any other throws <see cref="ArgumentOutOfRangeException"/>.</param>
    public static string WireName(this SignatureVerification verification) => verification switch
    {
        SignatureVerification.Valid => "valid",
        SignatureVerification.MissingHeader => "missing_header",
        SignatureVerification.MalformedSignature => "malformed_signature",
        SignatureVerification.SignatureMismatch => "signature_mismatch",
        SignatureVerification.TimestampOutsideTolerance => "timestamp_outside_tolerance",
        _ => throw new ArgumentOutOfRangeException(nameof(verification), verification, "Not a result of verification."),
    };
}
