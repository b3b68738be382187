using Webhooks.Signatures;
using Field = Webhooks.Subscriptions.Profiles.EnvelopeField;

namespace Webhooks.Subscriptions.Profiles;

/// <summary>The five dialects that every installation speaks (section 8 of the design).</summary>
public static class BuiltInProfiles
{
    public static Profile Matcher { get; } = new()
    {
        Name = "matcher",
        Envelope = [Field.Id, Field.Type, Field.Timestamp, Field.Version, Field.TenantId, Field.ContextId, Field.Data, Field.Metadata],
        Headers = [new("X-Matcher-Timestamp", HeaderValue.AttemptTime)],
        Signature = new("X-Matcher-Signature", "{timestamp}.{body}", "sha256={digest}", timestampHeader: "X-Matcher-Timestamp"),
        Deadline = TimeSpan.FromSeconds(5),
        RetryOn = RetryOn.ServerErrors,
    };

    public static Profile MatchAudit { get; } = new()
    {
        Name = "matchaudit",
        Envelope = [Field.Id, Field.Type, Field.CreatedMilliseconds, Field.Fixed("version", "1"), Field.Data],
        Headers = [new("x-matchaudit-event-id", HeaderValue.EventId)],
        Signature = new("x-matchaudit-signature", "{body}", "sha256={digest}"),
        Deadline = TimeSpan.FromSeconds(10),
        RetryOn = RetryOn.AnyFailure,
    };

    public static Profile Kyc { get; } = new()
    {
        Name = "kyc",
        Envelope = [Field.Id, Field.Type, Field.CreatedUnixSeconds, Field.Data],
        Headers = [new("X-Webhook-ID", HeaderValue.EventId), new("X-Webhook-Timestamp", HeaderValue.EventTime)],
        Signature = new("X-Webhook-Signature", "{timestamp}.{body}", "sha256={digest}", timestampHeader: "X-Webhook-Timestamp"),
        UserAgent = "KYC-Webhooks/1.0",
        Deadline = TimeSpan.FromSeconds(10),
        RetryOn = RetryOn.AnyFailure,
    };

    public static Profile Bookkeeper { get; } = new()
    {
        Name = "bookkeeper",
        Envelope =
        [
            Field.Id, Field.Type, Field.Timestamp,
            Field.FromData("reference_id"), Field.FromData("amount"), Field.FromData("currency"), Field.Data,
        ],
        Headers = [new("X-Bookkeeper-Timestamp", HeaderValue.AttemptTime)],
        Signature = new("X-Bookkeeper-Signature", "{timestamp}.{body}", "sha256={digest}", timestampHeader: "X-Bookkeeper-Timestamp"),
        Deadline = TimeSpan.FromSeconds(10),
        RetryOn = RetryOn.AnyFailure,
    };

    public static Profile Standard { get; } = new()
    {
        Name = "standard",
        Envelope = [Field.Type, Field.Timestamp, Field.Data],
        Headers = [new("webhook-id", HeaderValue.EventIdWithoutDots), new("webhook-timestamp", HeaderValue.AttemptTime)],
        Signature = new(
            "webhook-signature", "{id}.{timestamp}.{body}", "v1,{digest}", timestampHeader: "webhook-timestamp", idHeader: "webhook-id",
            digestEncoding: DigestEncoding.Base64, secretEncoding: SecretEncoding.Base64, secretPrefix: SecretRule.Prefix,
            multiple: SignatureSeparator.Space),
        Deadline = TimeSpan.FromSeconds(15),
        RetryOn = RetryOn.AnyFailure,
    };

    public static IReadOnlyList<Profile> All { get; } = [Matcher, MatchAudit, Kyc, Bookkeeper, Standard];
}
