using System.Text.Json.Nodes;
using Webhooks.Api.Access;
using Webhooks.Contracts;
using Webhooks.Api.OpenApi;
using Webhooks.Management.Secrets;
using Webhooks.Management.Subscriptions;
using Webhooks.Sources;
using Webhooks.Sources.Mapping;
using Webhooks.Sources.Presets;

namespace Webhooks.Management.Sources;

/// <summary>How /v1/sources is described.</summary>
internal static class SourceDocs
{
    private const string HeaderPattern = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";
    private const string PointerPattern = "^(/([^~]|~[01])*)?$";

    private static readonly Tag Tag = new(
        "Sources",
        "A source is an external system whose own webhooks become callbacks: they are sent to the callback service at the source's `path`, are verified as its kind says, and are mapped to a callback's fields. A webhook that maps to none is told of as the notification `inbound.received`.");

    private static readonly Schema Id = Words.Id(PrefixedId.Source, "0198c0f7d3a17e5c8b2d4f6a90c1e3b5", "The source's id.");

    private static readonly Schema Name = Schema.Text("What it is for, for people.", "Our Jira", longest: SourceMembers.LongestName);

    private static readonly Schema Kind = Schema.OneOf(
        "What it begins with: how the webhooks of that system are signed, and what they mean. `custom` begins with nothing: say its `authentication`.",
        SourcePreset.Jira,
        SourcePreset.All.Select(preset => preset.Kind));

    private static readonly Schema ExternalSystem = Schema.Text(
        "The external system of the callbacks, kept in upper case. Left out: the kind's name.", "JIRA", 1, SourceMembers.LongestSystem);

    private static readonly Schema Tolerance = Schema.Whole(
        "How far a signed timestamp may be from now, in both directions; 0: it is not looked at.", 300, 0, SourceMembers.LongestTolerance);

    private static readonly Schema Header = Schema.Text("The header of the signature, or of the secret.", "X-Hub-Signature", 1, AuthenticationMembers.LongestHeader, HeaderPattern);

    private static readonly Schema Method = Schema.OneOf(
        "`signature`: over the webhook's bytes, made with the secret. `header`: the secret itself, in a header. `basic`: HTTP Basic, the secret is the password.",
        "signature",
        AuthenticationMembers.Methods.Names);

    private static readonly IReadOnlyList<(string, Schema)> AuthenticationRest =
    [
        ("header", Header),
        ("username", Schema.Text("Of the method `basic`.", null, 1, AuthenticationMembers.LongestUsername, "^[ -9;-~]+$")),
        ("message_template", Schema.Text(
            "What is signed: text with `{body}`, which must be there, `{timestamp}`, `{id}`, `{header:NAME}` and `{pointer:/json/pointer}`. Null: `{body}`.",
            "{body}", 1, AuthenticationMembers.LongestTemplate)),
        ("value_template", Schema.Text("How the signature reads: text around `{digest}`. Null: `{digest}`.", "sha256={digest}", 1, AuthenticationMembers.LongestTemplate)),
        ("timestamp_header", Header.Saying("The header behind `{timestamp}`, in unix seconds.").Showing(null)),
        ("timestamp_template", Schema.Text(
            "How the timestamp stands in the signature's own header, as one item of its list, such as `t={timestamp}`; `timestamp_header` is that header then.",
            null, 1, AuthenticationMembers.LongestTemplate)),
        ("id_header", Header.Saying("The header behind `{id}`.").Showing(null)),
        ("algorithm", Schema.OneOf("How the digest is made. Null: hmac-sha256.", null, SignatureWords.Algorithms.Names)),
        ("digest_encoding", Schema.OneOf("How the digest is written. Null: hex.", null, SignatureWords.DigestEncodings.Names)),
        ("secret_encoding", Schema.OneOf("How the secret becomes a key: its text as it is, or base64 after the prefix. Null: utf8.", null, SignatureWords.SecretEncodings.Names)),
        ("secret_prefix", Schema.Text("Taken off a base64 secret before it is decoded, if it is there.", null, longest: AuthenticationMembers.LongestPrefix, pattern: "^[!-~]*$")),
        ("separator", Schema.OneOf("What stands between several signatures in the header. Null: there is one.", null, AuthenticationMembers.Separators.Names)),
    ];

    private const string AuthenticationSentence = "How a webhook is proved to be the source's. It is given as a whole; null: as its kind has it.";

    private const string PlaceSentence = "Where in a webhook the value is.";

    private static readonly Schema PlaceName = Schema.Text("The parameter's or header's name, or a JSON pointer (RFC 6901) into the body; none for `path`.", "X-Atlassian-Webhook-Identifier", 1, PlaceMembers.LongestName);

    private static readonly Schema KeyFrom = Schema.OneOf("`header`, or `pointer` into the body.", "header", ["header", "pointer"]);

    private static readonly Schema ExceptionFrom = Schema.OneOf(
        "`path`: one more step of the path; `query`: a parameter; `pointer`: in the body. Only what is in the body is signed.", "path", ["path", "query", "pointer"]);

    private static readonly Schema Pointers = Schema.List(
        "JSON pointers (RFC 6901) into the body: the first that finds a text, a number, true or false.",
        Schema.Text("A JSON pointer.", "/issue/fields/status/statusCategory/key", longest: FieldMembers.LongestPointer, pattern: PointerPattern),
        most: FieldMembers.MostPointers);

    private static readonly Schema Values = Schema.Map(
        $"What a found text stands for, at most {FieldMembers.MostValues}; none: it stands for itself.",
        new JsonObject { ["new"] = "OPEN", ["done"] = "RESOLVED" },
        Schema.Text("What it stands for.", "RESOLVED", longest: FieldMembers.LongestText));

    private static readonly Schema Otherwise = Schema.Text(
        "The value when nothing is found, or something that `values` does not have. Null: the field is not filled.", null, longest: FieldMembers.LongestText);

    private const string FieldSentence = "How one field of the callback is filled. It is given as a whole, with `pointers` or an `otherwise`; null: it is not filled.";

    private const string FieldsSentence =
        "How the callback's fields are filled; fields that are not named keep what they have. Without an `external_issue_id` and a `status` a webhook is no command: it is told of as `inbound.received`. Times may be spelled as RFC 3339, without a colon in the offset, without an offset (UTC), as a date, or as a number of seconds or milliseconds.";

    private static readonly Schema GivenField = Schema.Request(FieldSentence, [], ("pointers", Pointers), ("values", Values), ("otherwise", Otherwise)).Named("SourceFieldRequest");

    private static readonly Schema Field = Schema.Answer(FieldSentence, ("pointers", Pointers), ("values", Values), ("otherwise", Otherwise.OrNull())).Named("SourceField");

    private static readonly IReadOnlyList<(string Name, Schema Schema)> Settable =
    [
        ("name", Name.Default("")),
        ("external_system", ExternalSystem),
        ("authentication", Schema.Request(AuthenticationSentence, ["method"], [("method", Method), .. AuthenticationRest]).Named("SourceAuthenticationRequest")
            .ShowingOnly("method", "header", "value_template")),
        ("tolerance_seconds", Tolerance.Showing(null)),
        ("idempotency_key", Schema.Request(PlaceSentence + " Without one, or where a webhook has none, its content is its key.", ["from"], ("from", KeyFrom), ("name", PlaceName))),
        ("exception_id", Schema.Request(PlaceSentence, ["from"], ("from", ExceptionFrom), ("name", PlaceName.Showing(null)))),
        ("fields", Schema.Request(FieldsSentence, [], [.. MappedField.All.Select(field => (field.Name, GivenField))])
            .Showing(new JsonObject { [MappedField.Status] = GivenField.Example!.DeepClone() })),
        ("secret", SecretDocs.Given.Saying("The secret that the sender signs with or sends: 16 to 128 printable ASCII characters. Null: one is made.")),
    ];

    private static readonly Schema Source = Schema.Answer(
        "A source.",
        ("id", Id),
        ("tenant_id", Words.TenantId),
        ("name", Name),
        ("kind", Kind),
        ("path", Schema.Text("Where its webhooks are sent, at the callback service; with the exception's id as one more step where `exception_id` is from the path.", $"/v1/sources/{Id.Example}")),
        ("external_system", ExternalSystem),
        ("authentication", Schema.Answer(AuthenticationSentence, [("method", Method), .. AuthenticationRest.Select(member => (member.Item1, member.Item2.OrNull()))]).Named("SourceAuthentication")),
        ("tolerance_seconds", Tolerance.Showing(0)),
        ("idempotency_key", Schema.Answer(PlaceSentence, ("from", KeyFrom), ("name", PlaceName.OrNull())).OrNull()),
        ("exception_id", Schema.Answer(PlaceSentence, ("from", ExceptionFrom), ("name", PlaceName.OrNull().Showing(null)))),
        ("fields", Schema.Answer(FieldsSentence, [.. MappedField.All.Select(field => (field.Name, Field.OrNull()))]).Named("SourceFields")),
        ("secret", Schema.Text("The secret: in full in the answers that create or rotate it, otherwise masked down to its last four characters.", "****************************KYo=")),
        ("previous_secrets_until", Schema.Time("Until when secrets from before a rotation are taken, too; null: there was none.", null).OrNull()),
        ("created_at", Words.CreatedAt),
        ("updated_at", Schema.Time("When it was last changed.", "2024-01-20T11:02:41.5Z"))).Named("Source");

    public static Operation Create() => new(
        Tag, "createSource", "Create a source", "Creates a source. Its webhooks are taken within a second of the answer, which is the only one that shows the secret in full.")
    {
        Body = Schema.Request(
            "The source that is wanted.",
            ["kind"],
            [
                (Caller.TenantMember, Words.TenantId.Saying("The tenant whose source it is. A tenant's token implies its own; an administrator's must name one.")),
                ("kind", Kind),
                .. Settable,
            ]).ShowingOnly(Caller.TenantMember, "kind", "name"),
        Answers = [Answer.Created<SourceResponse>("It is created.", $"/v1/sources/{Id.Example}", Source.Showing("secret", SecretDocs.Example))],
    };

    public static Operation List() => new(Tag, "listSources", "List the sources", "Lists the sources, their secrets masked.")
    {
        Parameters = [Parameter.Tenant, .. Parameter.Page],
        Answers = [Answer.Ok<Api.Pages.Page<SourceResponse>>("A page of sources.", Words.PageOf(Source))],
    };

    public static Operation Get() => new(Tag, "getSource", "Read a source", "Reads a source, its secret masked.")
    {
        Parameters = [Parameter.Path("id", Id)],
        Answers = [Answer.Ok<SourceResponse>("The source.", Source)],
    };

    public static Operation Change() => new(
        Tag,
        "changeSource",
        "Change a source",
        "Changes what the body names and keeps the rest; null takes a setting back to what its kind begins with. Naming `secret` rotates it: for the grace period webhooks with the old one are taken, too, and the answer shows the new one in full. Old ones are tried under the `authentication` of now: a change of it ends those that are no secret of the new scheme, and needs a new one where the present one is none. The change holds everywhere within a second.")
    {
        Parameters = [Parameter.Path("id", Id)],
        Body = Schema.Request(
            "What is to be changed: a merge patch (RFC 7396).",
            [],
            [
                (Caller.TenantMember, Words.TenantId.Saying("The tenant whose source it is; it cannot be given to another.")),
                ("kind", Kind.Saying("It stays what it is.")),
                .. Settable,
                ("grace_period_seconds", Schema.Whole("Beside `secret`: for how long the old one is still taken; 0 ends it at once.", SourceMembers.UsualGrace, 0, SourceMembers.LongestGrace).Default(SourceMembers.UsualGrace)),
            ]).ShowingOnly("name"),
        IsMergePatch = true,
        Answers = [Answer.Ok<SourceResponse>("The source as it is now.", Source)],
    };

    public static Operation Delete() => new(
        Tag, "deleteSource", "Delete a source", "Deletes a source: within a second its webhooks are answered 404. What became of those before stays readable.")
    {
        Parameters = [Parameter.Path("id", Id)],
        Answers = [Answer.Empty("It is deleted.")],
    };
}
