using Webhooks.Signatures;

namespace Webhooks.Scenarios.Tests.Payloads;

/// <summary>What a receiver knows of a profile from its documentation: the headers, and how to verify them.</summary>
internal sealed record Dialect(string Profile, SignatureScheme Scheme, string UserAgent = @"^Webhooks/\d+\.\d+\.\d+$")
{
    private static readonly Dialect[] All =
    [
        new("matcher", new SignatureScheme(
            "X-Matcher-Signature", "{timestamp}.{body}", "sha256={digest}", timestampHeader: "X-Matcher-Timestamp")),
        new("matchaudit", new SignatureScheme("x-matchaudit-signature", "{body}", "sha256={digest}")),
        new("kyc", new SignatureScheme(
            "X-Webhook-Signature", "{timestamp}.{body}", "sha256={digest}", timestampHeader: "X-Webhook-Timestamp"), @"^KYC-Webhooks/1\.0$"),
        new("bookkeeper", new SignatureScheme(
            "X-Bookkeeper-Signature", "{timestamp}.{body}", "sha256={digest}", timestampHeader: "X-Bookkeeper-Timestamp")),
        new("standard", new SignatureScheme(
            "webhook-signature", "{id}.{timestamp}.{body}", "v1,{digest}", "webhook-timestamp", "webhook-id",
            digestEncoding: DigestEncoding.Base64, secretEncoding: SecretEncoding.Base64, secretPrefix: "whsec_", multiple: SignatureSeparator.Space)),
    ];

    public static IEnumerable<string> Profiles => All.Select(dialect => dialect.Profile);

    public static Dialect Of(string profile) => All.Single(dialect => dialect.Profile == profile);
}
