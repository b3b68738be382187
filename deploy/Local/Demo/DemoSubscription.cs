using Webhooks.Signatures;

namespace Webhooks.Local.Demo;

/// <summary>
/// One subscription of the demo and what its receiver knows: where it is called and how the calls are signed, spelled here
/// as a receiver reads it in the documentation, so that the sender's own definition is checked and not repeated.
/// </summary>
/// <param name="Name">Also the path at the receiver.</param>
/// <param name="Profile">The wire dialect.</param>
/// <param name="EventTypes">What it subscribes to.</param>
/// <param name="Scheme">How its receiver verifies.</param>
internal sealed record DemoSubscription(string Name, string Profile, string[] EventTypes, SignatureScheme Scheme)
{
    /// <summary>The one whose receiver fails twice.</summary>
    public const string Flaky = "flaky";

    /// <summary>Its retries: 1 s after the first attempt, 2 s after the second.</summary>
    public static readonly object FlakyRetry =
        new { max_attempts = 5, initial_delay_seconds = 1, max_delay_seconds = 10, backoff_multiplier = 2, jitter = 0 };

    private static readonly SignatureScheme Matcher =
        new("X-Matcher-Signature", "{timestamp}.{body}", "sha256={digest}", timestampHeader: "X-Matcher-Timestamp");

    private static readonly SignatureScheme StandardWebhooks = new(
        "webhook-signature", "{id}.{timestamp}.{body}", "v1,{digest}", timestampHeader: "webhook-timestamp", idHeader: "webhook-id",
        digestEncoding: DigestEncoding.Base64, secretEncoding: SecretEncoding.Base64, secretPrefix: "whsec_", multiple: SignatureSeparator.Space);

    public static readonly IReadOnlyList<DemoSubscription> All =
    [
        new("matcher", "matcher", ["*"], Matcher),
        new("matchaudit", "matchaudit", ["exception.*"], new("x-matchaudit-signature", "{body}", "sha256={digest}")),
        new("standard", "standard", ["match.*"], StandardWebhooks),
        new(Flaky, "matcher", ["exception.sla_warning"], Matcher),
    ];

    public bool Wants(string type) => Array.Exists(EventTypes, wanted =>
        wanted == "*" || wanted == type || (wanted.EndsWith(".*", StringComparison.Ordinal) && type.StartsWith(wanted[..^1], StringComparison.Ordinal)));
}
