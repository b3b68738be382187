using Webhooks.Signatures;
using Webhooks.Sources.Mapping;

namespace Webhooks.Sources.Presets;

/// <summary>What is known of an external system, as data: a new source of its kind begins with it.</summary>
/// <param name="Kind">Its name in the API.</param>
/// <param name="Authentication">Null: whoever makes a source must say.</param>
internal sealed record SourcePreset(string Kind, Authentication? Authentication)
{
    public const string Jira = "jira";
    public const string ServiceNow = "servicenow";
    public const string StandardWebhooks = "standard_webhooks";
    public const string GitHub = "github";
    public const string Stripe = "stripe";
    public const string Slack = "slack";
    public const string Custom = "custom";

    private const int FiveMinutes = 300;

    public static IReadOnlyList<SourcePreset> All { get; } =
    [
        // WebSub's signature. A webhook of an automation rule has none: give its source the method "header". Of the bodies that
        // such a rule offers one is the issue itself ("Automation format").
        new(Jira, Signed("X-Hub-Signature", value: "sha256={digest}"))
        {
            IdempotencyKey = new(PlaceKind.Header, "X-Atlassian-Webhook-Identifier"),
            Fields = Map(
                (MappedField.ExternalIssueId, At("/issue/key", "/key", "/issue/id")),
                // The category, since the names of states are each site's own.
                (MappedField.Status, At("/issue/fields/status/statusCategory/key", "/fields/status/statusCategory/key").Meaning(("new", Open), ("indeterminate", Pending), ("done", Resolved))),
                (MappedField.ResolutionNotes, At("/comment/body", "/issue/fields/resolution/name", "/fields/resolution/name")),
                (MappedField.Assignee, At(
                    "/issue/fields/assignee/emailAddress", "/issue/fields/assignee/displayName", "/issue/fields/assignee/accountId",
                    "/fields/assignee/emailAddress", "/fields/assignee/displayName", "/fields/assignee/accountId")),
                (MappedField.DueAt, At("/issue/fields/duedate", "/fields/duedate")),
                (MappedField.UpdatedAt, At("/issue/fields/updated", "/fields/updated", "/timestamp")),
                (MappedField.CallbackType, At("/webhookEvent"))),
        },

        // There is no webhook of its own: a script sends it, and GlideCertificateEncryption.generateMac signs in base64.
        new(ServiceNow, Signed("X-Hmac-Signature") with { DigestEncoding = DigestEncoding.Base64 })
        {
            ExceptionId = new(PlaceKind.Pointer, "/correlation_id"),
            Fields = Map(
                (MappedField.ExternalIssueId, At("/number", "/sys_id")),
                (MappedField.Status, At("/state").Meaning(("1", Open), ("2", Pending), ("3", Pending), ("6", Resolved), ("7", Resolved))),
                (MappedField.ResolutionNotes, At("/close_notes")),
                (MappedField.Assignee, At("/assigned_to")),
                (MappedField.UpdatedAt, At("/sys_updated_on"))),
        },
        new(StandardWebhooks, Signed("webhook-signature", "{id}.{timestamp}.{body}", "v1,{digest}", "webhook-timestamp") with
        {
            IdHeader = "webhook-id",
            DigestEncoding = DigestEncoding.Base64,
            SecretEncoding = SecretEncoding.Base64,
            SecretPrefix = "whsec_",
            Separator = SignatureSeparator.Space,
        })
        {
            ToleranceSeconds = FiveMinutes,
            IdempotencyKey = new(PlaceKind.Header, "webhook-id"),
            ExceptionId = new(PlaceKind.Pointer, "/data/exception_id"),
            Fields = Map(
                (MappedField.ExternalIssueId, At("/data/external_issue_id", "/data/id")),
                (MappedField.Status, At("/data/status")),
                (MappedField.ResolutionNotes, At("/data/resolution_notes")),
                (MappedField.Assignee, At("/data/assignee")),
                (MappedField.DueAt, At("/data/due_at")),
                (MappedField.UpdatedAt, At("/data/updated_at", "/timestamp")),
                (MappedField.CallbackType, At("/type"))),
        },
        new(GitHub, Signed("X-Hub-Signature-256", value: "sha256={digest}"))
        {
            FormPayloadIsBody = true,
            IdempotencyKey = new(PlaceKind.Header, "X-GitHub-Delivery"),
            Fields = Map(
                (MappedField.ExternalIssueId, At("/issue/html_url", "/issue/number")),
                (MappedField.Status, At("/issue/state").Meaning(("open", Open), ("closed", Resolved))),
                (MappedField.ResolutionNotes, At("/comment/body")),
                (MappedField.Assignee, At("/issue/assignee/login")),
                (MappedField.UpdatedAt, At("/issue/updated_at")),
                (MappedField.CallbackType, At("/action"))),
        },
        new(Stripe, Signed("Stripe-Signature", "{timestamp}.{body}", "v1={digest}", "Stripe-Signature") with
        {
            TimestampTemplate = "t={timestamp}",
            Separator = SignatureSeparator.Comma,
        })
        {
            ToleranceSeconds = FiveMinutes,
            IdempotencyKey = new(PlaceKind.Pointer, "/id"),
            ExceptionId = new(PlaceKind.Pointer, "/data/object/metadata/exception_id"),
            Fields = Map(
                (MappedField.ExternalIssueId, At("/data/object/id")),
                (MappedField.Status, At("/data/object/status").Meaning(
                    ("needs_response", Open), ("warning_needs_response", Open), ("under_review", Pending), ("warning_under_review", Pending),
                    ("won", Resolved), ("lost", Resolved), ("warning_closed", Resolved), ("prevented", Resolved))),
                (MappedField.DueAt, At("/data/object/evidence_details/due_by")),
                (MappedField.UpdatedAt, At("/created")),
                (MappedField.CallbackType, At("/type"))),
        },
        new(Slack, Signed("X-Slack-Signature", "v0:{timestamp}:{body}", "v0={digest}", "X-Slack-Request-Timestamp"))
        {
            ToleranceSeconds = FiveMinutes,
            FormPayloadIsBody = true,
            IdempotencyKey = new(PlaceKind.Pointer, "/event_id"),
            Fields = Map(
                // Of an event; of a click, whose form has a payload; of a command, whose form has none.
                (MappedField.ExternalIssueId, At("/event/item/ts", "/event/thread_ts", "/event/ts", "/container/message_ts", "/trigger_id")),
                (MappedField.ResolutionNotes, At("/event/text", "/text")),
                (MappedField.Assignee, At("/event/user", "/user/username", "/user/name", "/user/id", "/user_name", "/user_id")),
                (MappedField.UpdatedAt, At("/event_time", "/actions/0/action_ts", "/action_ts", "/timestamp")),
                (MappedField.CallbackType, At("/event/type", "/command", "/type"))),
        },

        // As the callback API spells its own body.
        new(Custom, Authentication: null)
        {
            Fields = MappedField.All.ToDictionary(field => field.Name, field => At($"/{field.Member}"), StringComparer.Ordinal),
        },
    ];

    private const string Open = "OPEN";
    private const string Pending = "PENDING_RESOLUTION";
    private const string Resolved = "RESOLVED";

    public int? ToleranceSeconds { get; private init; }

    /// <summary>Does it send as the one member <c>payload</c> of a form what it otherwise sends as JSON?</summary>
    public bool FormPayloadIsBody { get; private init; }

    public ValuePlace? IdempotencyKey { get; private init; }

    public ValuePlace ExceptionId { get; private init; } = new(PlaceKind.Path);

    public IReadOnlyDictionary<string, FieldMapping> Fields { get; private init; } = Map();

    public string ExternalSystem => Kind.ToUpperInvariant();

    /// <summary>Null: there is no such kind.</summary>
    public static SourcePreset? Find(string kind) => All.FirstOrDefault(preset => preset.Kind == kind);

    private static Authentication Signed(string header, string message = "{body}", string value = "{digest}", string? timestampHeader = null) => new()
    {
        Method = AuthenticationMethod.Signature,
        Header = header,
        MessageTemplate = message,
        ValueTemplate = value,
        TimestampHeader = timestampHeader,
    };

    private static FieldMapping At(params string[] pointers) => new() { Pointers = pointers };

    private static Dictionary<string, FieldMapping> Map(params (string Field, FieldMapping Mapping)[] fields) =>
        fields.ToDictionary(field => field.Field, field => field.Mapping, StringComparer.Ordinal);
}

/// <summary>Says of a field what the texts found stand for.</summary>
internal static class FieldMeaning
{
    public static FieldMapping Meaning(this FieldMapping mapping, params (string Text, string Value)[] values) =>
        mapping with { Values = values.ToDictionary(value => value.Text, value => value.Value, StringComparer.Ordinal) };
}
