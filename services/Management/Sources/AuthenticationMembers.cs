using Webhooks.Api.Bodies;
using Webhooks.Api.Problems;
using Webhooks.Management.Subscriptions;
using Webhooks.Signatures;
using Webhooks.Signatures.Templates;
using Webhooks.Sources;
using Webhooks.Sources.Presets;

namespace Webhooks.Management.Sources;

/// <summary>Reads how a source's webhooks are proved to be its own. Given as a whole: half of one scheme and half of another is none.</summary>
internal static class AuthenticationMembers
{
    public const string Name = "authentication";

    public const int LongestHeader = 100;
    public const int LongestTemplate = 512;
    public const int LongestPrefix = 32;
    public const int LongestUsername = 128;

    public static Words<AuthenticationMethod> Methods { get; } = new(
        ("signature", AuthenticationMethod.Signature), ("header", AuthenticationMethod.Header), ("basic", AuthenticationMethod.Basic));

    public static Words<SignatureSeparator> Separators { get; } = new(("space", SignatureSeparator.Space), ("comma", SignatureSeparator.Comma));

    private static readonly Authentication Nothing = new() { Method = AuthenticationMethod.Header, Header = "X-Webhook-Secret" };

    public static Authentication Read(MemberReader body, SourcePreset preset, Authentication? present)
    {
        if (body.Object(Name) is not { } members)
        {
            var kept = body.Names(Name) && !body.Has(Name) ? preset.Authentication : present ?? preset.Authentication;
            // What a source of an unknown kind would need is not known.
            if (kept is null && !body.IsFaulty(Name) && !body.IsFaulty(SourceMembers.Kind))
            {
                body.Fault(Name, FieldError.Required, $"A source of the kind {preset.Kind} has none by itself: say how its webhooks are proved.");
            }

            return kept ?? Nothing;
        }

        var method = members.Text("method", null, null, Methods.Read);
        if (method is null && !members.IsFaulty("method"))
        {
            members.Fault("method", FieldError.Required, $"It must be one of {string.Join(", ", Methods.Names)}.");
        }

        var read = new Authentication
        {
            Method = method ?? AuthenticationMethod.Header,
            Header = members.Text<string?>("header", null, null, ReadHeader),
            Username = members.Text<string?>("username", null, null, ReadUsername),
            MessageTemplate = members.Text<string?>("message_template", null, null, ReadMessage),
            ValueTemplate = members.Text<string?>("value_template", null, null, ReadValue),
            TimestampHeader = members.Text<string?>("timestamp_header", null, null, ReadHeader),
            TimestampTemplate = members.Text<string?>("timestamp_template", null, null, ReadTimestamp),
            IdHeader = members.Text<string?>("id_header", null, null, ReadHeader),
            Algorithm = members.Text<SignatureAlgorithm?>("algorithm", null, null, SignatureWords.Algorithms.Read),
            DigestEncoding = members.Text<DigestEncoding?>("digest_encoding", null, null, SignatureWords.DigestEncodings.Read),
            SecretEncoding = members.Text<SecretEncoding?>("secret_encoding", null, null, SignatureWords.SecretEncodings.Read),
            SecretPrefix = members.Text<string?>("secret_prefix", null, null, ReadPrefix),
            Separator = members.Text<SignatureSeparator?>("separator", null, null, Separators.Read),
        };
        members.RefuseOthers();
        if (method is { } known)
        {
            Judge(body, members, known, read);
        }

        return read;
    }

    private static void Judge(MemberReader body, MemberReader members, AuthenticationMethod method, Authentication read)
    {
        if (method == AuthenticationMethod.Basic)
        {
            Require("username", read.Username);
            Only("username");
            return;
        }

        Require("header", read.Header);
        if (method == AuthenticationMethod.Header)
        {
            Only("header");
            return;
        }

        if (read.Username is not null)
        {
            members.Fault("username", FieldError.InvalidValue, "It is for the method basic.");
        }

        foreach (var (member, sentence) in SchemeTrial.FaultsOf(read, member => members.IsFaulty(member[1..])))
        {
            body.Fault(Name + member, FieldError.InvalidValue, sentence);
        }

        void Require(string member, string? value)
        {
            if (value is null && !members.IsFaulty(member))
            {
                members.Fault(member, FieldError.Required, "The method needs it.");
            }
        }

        void Only(string wanted)
        {
            foreach (var (name, value) in new (string, object?)[]
            {
                ("header", read.Header), ("username", read.Username), ("message_template", read.MessageTemplate), ("value_template", read.ValueTemplate),
                ("timestamp_header", read.TimestampHeader), ("timestamp_template", read.TimestampTemplate), ("id_header", read.IdHeader), ("algorithm", read.Algorithm),
                ("digest_encoding", read.DigestEncoding), ("secret_encoding", read.SecretEncoding), ("secret_prefix", read.SecretPrefix), ("separator", read.Separator),
            })
            {
                if (value is not null && name != wanted)
                {
                    members.Fault(name, FieldError.InvalidValue, $"It is not for the method {Methods.Of(method)}.");
                }
            }
        }
    }

    private static Reading<string?> ReadHeader(string text) => text.Length <= LongestHeader && HeaderName.IsValid(text)
        ? Reading<string?>.Of(text)
        : Reading<string?>.Refuse(FieldError.InvalidFormat, $"It must be the name of a header, of at most {LongestHeader} characters.");

    private static Reading<string?> ReadUsername(string text) =>
        text.Length is > 0 and <= LongestUsername && !text.Contains(':', StringComparison.Ordinal) && !text.AsSpan().ContainsAnyExceptInRange(' ', '~')
            ? Reading<string?>.Of(text)
            : Reading<string?>.Refuse(FieldError.InvalidFormat, $"It must have 1 to {LongestUsername} printable ASCII characters and no colon.");

    // Whoever verifies a part of the body only can be given any other rest.
    private static Reading<string?> ReadMessage(string text) =>
        text.Length <= LongestTemplate && SchemeFault.OfTemplates(message: text) is null && !text.Contains("{body}", StringComparison.Ordinal)
            ? Reading<string?>.Refuse(FieldError.InvalidValue, "It must contain {body}: a signature that does not cover the whole body lets the rest of it be changed.")
            : ReadTemplate(text, SchemeFault.OfTemplates(message: text));

    private static Reading<string?> ReadValue(string text) => ReadTemplate(text, SchemeFault.OfTemplates(value: text));

    private static Reading<string?> ReadTimestamp(string text) => ReadTemplate(text, SchemeFault.OfTemplates(timestamp: text));

    private static Reading<string?> ReadTemplate(string text, string? fault) =>
        text.Length is 0 or > LongestTemplate ? Reading<string?>.Refuse(FieldError.OutOfRange, $"It must have 1 to {LongestTemplate} characters.")
        : fault is not null ? Reading<string?>.Refuse(FieldError.InvalidValue, fault)
        : Reading<string?>.Of(text);

    private static Reading<string?> ReadPrefix(string text) => text.Length <= LongestPrefix && !text.AsSpan().ContainsAnyExceptInRange('!', '~')
        ? Reading<string?>.Of(text)
        : Reading<string?>.Refuse(FieldError.InvalidFormat, $"It must have at most {LongestPrefix} printable ASCII characters and no space.");
}
