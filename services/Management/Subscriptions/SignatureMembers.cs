using Webhooks.Api.Bodies;
using Webhooks.Api.Problems;
using Webhooks.Signatures;
using Webhooks.Subscriptions.Profiles.Overrides;

namespace Webhooks.Management.Subscriptions;

/// <summary>
/// Reads how a subscription's signature differs from its profile's, as a merge patch: null is the profile's. Each member by
/// itself; whether they go together is asked afterwards.
/// </summary>
internal static class SignatureMembers
{
    public const string Name = "signature";

    public const int LongestTemplate = 512;
    public const int LongestPrefix = 32;

    private const string BodyPlaceholder = "{body}";

    public static SignatureOverride? Read(MemberReader body, SignatureOverride? present)
    {
        if (body.Object(Name) is not { } members)
        {
            return body.Names(Name) && !body.Has(Name) ? null : present;
        }

        var from = present ?? new SignatureOverride();
        var read = new SignatureOverride
        {
            Algorithm = members.Text("algorithm", from.Algorithm, null, text => text == "ed25519"
                ? Reading<SignatureAlgorithm?>.Refuse(FieldError.NotSupportedYet, "Ed25519 comes with a later version; there are hmac-sha256 and hmac-sha512.")
                : SignatureWords.Algorithms.Read(text)),
            Header = members.Text("header", from.Header, null, ReadHeader),
            MessageTemplate = members.Text("message_template", from.MessageTemplate, null, ReadMessage),
            ValueTemplate = members.Text("value_template", from.ValueTemplate, null, ReadValue),
            DigestEncoding = members.Text("digest_encoding", from.DigestEncoding, null, SignatureWords.DigestEncodings.Read),
            SecretEncoding = members.Text("secret_encoding", from.SecretEncoding, null, SignatureWords.SecretEncodings.Read),
            SecretPrefix = members.Text("secret_prefix", from.SecretPrefix, null, ReadPrefix),
            TimestampHeader = members.Text("timestamp_header", from.TimestampHeader, null, ReadHeader),
            IdHeader = members.Text("id_header", from.IdHeader, null, ReadHeader),
        };
        members.RefuseOthers();
        return read == new SignatureOverride() ? null : read;
    }

    private static Reading<string?> ReadHeader(string text) => HeaderRules.FaultOfSignatureName(text) is { } fault
        ? Reading<string?>.Refuse(FieldError.InvalidValue, fault)
        : Reading<string?>.Of(text);

    private static Reading<string?> ReadMessage(string text)
    {
        if (text.Length > LongestTemplate)
        {
            return Reading<string?>.Refuse(FieldError.OutOfRange, $"It must have at most {LongestTemplate} characters.");
        }

        // The engine knows more than may be sent: whoever verifies a part of the body only can be given any other rest.
        return SchemeFault.OfTemplates(message: text) is { } fault ? Reading<string?>.Refuse(FieldError.InvalidValue, fault)
            : !text.Contains(BodyPlaceholder, StringComparison.Ordinal) ? Reading<string?>.Refuse(FieldError.InvalidValue, "It must contain {body}: a signature that does not cover the whole body lets the rest of it be changed.")
            : Reading<string?>.Of(text);
    }

    private static Reading<string?> ReadValue(string text) =>
        text.Length > LongestTemplate ? Reading<string?>.Refuse(FieldError.OutOfRange, $"It must have at most {LongestTemplate} characters.")
        : HeaderRules.FaultOfValue(text) is { } unsendable ? Reading<string?>.Refuse(FieldError.InvalidValue, unsendable)
        : SchemeFault.OfTemplates(value: text) is { } fault ? Reading<string?>.Refuse(FieldError.InvalidValue, fault)
        : Reading<string?>.Of(text);

    private static Reading<string?> ReadPrefix(string text) => text.Length <= LongestPrefix && !text.AsSpan().ContainsAnyExceptInRange('!', '~')
        ? Reading<string?>.Of(text)
        : Reading<string?>.Refuse(FieldError.InvalidFormat, $"It must have at most {LongestPrefix} printable ASCII characters and no space.");
}
