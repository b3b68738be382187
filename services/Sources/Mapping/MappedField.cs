namespace Webhooks.Sources.Mapping;

/// <summary>A field of the callback that a webhook can fill.</summary>
/// <param name="Name">In a source.</param>
/// <param name="Member">In the body of the callback API.</param>
/// <param name="IsTime">Is it a time? External systems spell those in many ways.</param>
/// <param name="Longest">How many characters of a text are taken. Null: it names something, and is taken whole or not at all.</param>
internal sealed record MappedField(string Name, string Member, bool IsTime = false, int? Longest = null)
{
    public const string ExternalIssueId = "external_issue_id";
    public const string Status = "status";
    public const string ResolutionNotes = "resolution_notes";
    public const string Assignee = "assignee";
    public const string DueAt = "due_at";
    public const string UpdatedAt = "updated_at";
    public const string CallbackType = "callback_type";

    /// <summary>What a status may be in the end.</summary>
    public static IReadOnlyList<string> Statuses { get; } = ["OPEN", "ASSIGNED", "PENDING_RESOLUTION", "RESOLVED"];

    public static IReadOnlyList<MappedField> All { get; } =
    [
        new(ExternalIssueId, "externalIssueId"),
        new(Status, "status"),
        new(ResolutionNotes, "resolutionNotes", Longest: 10_000),
        new(Assignee, "assignee", Longest: 256),
        new(DueAt, "dueAt", IsTime: true),
        new(UpdatedAt, "updatedAt", IsTime: true),
        new(CallbackType, "callbackType", Longest: 256),
    ];
}
