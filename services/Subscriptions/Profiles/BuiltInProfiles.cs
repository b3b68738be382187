using Field = Webhooks.Subscriptions.Profiles.EnvelopeField;

namespace Webhooks.Subscriptions.Profiles;

/// <summary>The five dialects that every installation speaks.</summary>
public static class BuiltInProfiles
{
    public static Profile Matcher { get; } = new()
    {
        Name = "matcher",
        Envelope = [Field.Id, Field.Type, Field.Timestamp, Field.Version, Field.TenantId, Field.ContextId, Field.Data, Field.Metadata],
        Deadline = TimeSpan.FromSeconds(5),
        RetryOn = RetryOn.ServerErrors,
    };

    public static Profile MatchAudit { get; } = new()
    {
        Name = "matchaudit",
        Envelope = [Field.Id, Field.Type, Field.CreatedMilliseconds, Field.Fixed("version", "1"), Field.Data],
        Deadline = TimeSpan.FromSeconds(10),
        RetryOn = RetryOn.AnyFailure,
    };

    public static Profile Kyc { get; } = new()
    {
        Name = "kyc",
        Envelope = [Field.Id, Field.Type, Field.CreatedUnixSeconds, Field.Data],
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
        Deadline = TimeSpan.FromSeconds(10),
        RetryOn = RetryOn.AnyFailure,
    };

    public static Profile Standard { get; } = new()
    {
        Name = "standard",
        Envelope = [Field.Type, Field.Timestamp, Field.Data],
        Deadline = TimeSpan.FromSeconds(15),
        RetryOn = RetryOn.AnyFailure,
    };

    public static IReadOnlyList<Profile> All { get; } = [Matcher, MatchAudit, Kyc, Bookkeeper, Standard];
}
