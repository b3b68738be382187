using Webhooks.Contracts;

namespace Webhooks.CallbackIngest.Routes;

/// <summary>Callbacks about exceptions.</summary>
internal static class ExceptionRoute
{
    private const int LongestSystem = 64;
    private const int LongestNotes = 10_000;

    private const string Assigned = "ASSIGNED";
    private const string Assignee = "assignee";

    public static CallbackRoute Route { get; } = new()
    {
        Name = "exceptions",
        Template = "/v1/exceptions/{exceptionId}/callback",
        SubjectName = "exceptionId",
        SubjectMember = "exception_id",
        Fields =
        [
            new("externalSystem", "external_system", FieldKind.System) { IsRequired = true, Longest = LongestSystem },
            new("externalIssueId", "external_issue_id", FieldKind.Text) { IsRequired = true },
            new("status", "status", FieldKind.Choice) { IsRequired = true, Choices = ["OPEN", Assigned, "PENDING_RESOLUTION", "RESOLVED"], Needs = (Assigned, Assignee) },
            new("resolutionNotes", "resolution_notes", FieldKind.Text) { Longest = LongestNotes },
            new(Assignee, "assignee", FieldKind.Text),
            new("dueAt", "due_at", FieldKind.Time),
            new("updatedAt", "updated_at", FieldKind.UpdatedAt),
            new("callbackType", "callback_type", FieldKind.Text),
            new("payload", "payload", FieldKind.Payload),
        ],
        RoutingKey = ApplyExceptionCallback.RoutingKey,
        MessageType = "urn:message:Webhooks.Contracts:ApplyExceptionCallback",
        Queue = BrokerNames.ExceptionCommandsQueue,
        Binding = "exception.#",
    };
}
