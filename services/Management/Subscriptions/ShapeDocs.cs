using System.Text.Json.Nodes;
using Webhooks.Api.OpenApi;
using Webhooks.Subscriptions.Profiles.Overrides;

namespace Webhooks.Management.Subscriptions;

/// <summary>How a subscription's label, headers, signature and trace are described.</summary>
internal static class ShapeDocs
{
    private const string SignatureSentence =
        "How the signature differs from the profile's; a member that is null is the profile's. It is tried when it is saved: documented examples are signed and verified.";

    public static Schema Channel { get; } = Schema.Text(
        "A label of the tenant's own to group subscriptions by. It has no effect on which events are delivered.", "billing", 1, ChannelReading.Longest, "^[A-Za-z0-9_.:-]+$");

    public static Schema SendTraceparent { get; } = Schema.Flag(
        "Whether attempts carry a W3C `traceparent` header: that of the attempt's own span, or of the event where no spans are collected.", false);

    private static readonly JsonObject ExampleHeaders = new() { ["X-Environment"] = "production" };

    private static readonly Schema HeaderValue = Schema.Text("Printable ASCII.", "production", 1, HeaderRules.LongestValue, "^[!-~]([ -~]*[!-~])?$");

    public static Schema GivenHeaders { get; } = Schema.Map(
        $"Headers that each request carries beside the profile's, by their names; at most {HeaderRules.MostHeaders}. Names are the same in any case. "
        + "Not possible are headers of the connection, `Host`, `Content-…`, cookies, `traceparent`, and those of the profile and its signature. "
        + "A hidden value that is sent back keeps what it stands for; in a change, null takes a header away.",
        ExampleHeaders,
        HeaderValue.OrNull());

    public static Schema Headers { get; } = Schema.Map(
        "Headers that each request carries beside the profile's. Values of credentials, such as that of `Authorization`, are hidden behind 28 asterisks.",
        ExampleHeaders,
        HeaderValue);

    private static readonly IReadOnlyList<(string, Schema)> SignatureMembersDescribed =
    [
        ("algorithm", Schema.OneOf("How the digest is made.", "hmac-sha512", SignatureWords.Algorithms.Names)),
        ("header", HeaderName("The header that carries the signature.", "X-Acme-Signature")),
        ("message_template", Schema.Text(
            "What is signed: text with `{body}`, which must be there, `{timestamp}`, `{id}`, `{header:NAME}` and `{pointer:/json/pointer}` (into the body). What an event has no value for fails its delivery.",
            "v0:{timestamp}:{body}", 1, SignatureMembers.LongestTemplate)),
        ("value_template", Schema.Text(
            "How the header reads: text around `{digest}`. With one of its own, the header carries one signature, and during a secret's grace period the old one's stands in `<header>-Previous`.",
            "v0={digest}", 1, SignatureMembers.LongestTemplate)),
        ("digest_encoding", Schema.OneOf("How the digest is written.", "hex", SignatureWords.DigestEncodings.Names)),
        ("secret_encoding", Schema.OneOf("How the secret becomes a key: its text as it is, or base64 after the prefix.", "utf8", SignatureWords.SecretEncodings.Names)),
        ("secret_prefix", Schema.Text("Taken off a base64 secret before it is decoded, if it is there.", null, longest: SignatureMembers.LongestPrefix, pattern: "^[!-~]*$")),
        ("timestamp_header", HeaderName("The header behind `{timestamp}`, in unix seconds: takes the place of the profile's, or is added with the attempt's time.", "X-Acme-Timestamp")),
        ("id_header", HeaderName("The header behind `{id}`: takes the place of the profile's, or is added with the event's id.", "X-Acme-Id")),
    ];

    public static Schema GivenSignature { get; } = Schema.Request(SignatureSentence, [], SignatureMembersDescribed).Named("SignatureRequest");

    public static Schema Signature { get; } = Schema.Answer(SignatureSentence, [.. SignatureMembersDescribed.Select(member => (member.Item1, member.Item2.OrNull()))]).Named("Signature");

    private static Schema HeaderName(string description, string example) =>
        Schema.Text(description, example, 1, HeaderRules.LongestName, "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$");
}
