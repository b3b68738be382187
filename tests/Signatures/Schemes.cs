namespace Webhooks.Signatures.Tests;

/// <summary>Schemes that the tests sign and verify with; together they use every algorithm, encoding and placeholder.</summary>
internal static class Schemes
{
    public static readonly SignatureScheme Matcher = new(
        "X-Matcher-Signature", "{timestamp}.{body}", "sha256={digest}", timestampHeader: "X-Matcher-Timestamp");

    public static readonly SignatureScheme MatchAudit = new("x-matchaudit-signature", "{body}", "sha256={digest}");

    public static readonly SignatureScheme Standard = new(
        "webhook-signature", "{id}.{timestamp}.{body}", "v1,{digest}", "webhook-timestamp", "webhook-id",
        digestEncoding: DigestEncoding.Base64, secretEncoding: SecretEncoding.Base64, secretPrefix: "whsec_",
        multiple: SignatureSeparator.Space);

    public static readonly SignatureScheme Sha512Base64Url = new(
        "X-Signature", "{header:X-Source}\n{body}", "[{digest}]", algorithm: SignatureAlgorithm.HmacSha512, digestEncoding: DigestEncoding.Base64Url);

    public static readonly SignatureScheme Pointer = new("X-Checksum", "{pointer:/event/id}.{pointer:/amounts/1}.{body}");

    public static readonly SignatureScheme Listed = new(
        "Stripe-Signature", "{timestamp}.{body}", "v1={digest}", timestampHeader: "Stripe-Signature", multiple: SignatureSeparator.Comma, timestampTemplate: "t={timestamp}");

    /// <summary>Usable as a secret of every scheme.</summary>
    public const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    public const string OtherSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    public static readonly SignatureScheme[] All = [Matcher, MatchAudit, Standard, Sha512Base64Url, Pointer];
}
