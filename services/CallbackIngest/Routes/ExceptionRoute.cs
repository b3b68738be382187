using Webhooks.Contracts;
using Webhooks.Sources.Mapping;

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
        Noun = "exception",
        SubjectName = "exceptionId",
        SubjectMember = "exception_id",
        Fields =
        [
            new("externalSystem", "external_system", FieldKind.System)
            {
                Description = "Which system calls, in any case.", Example = "JIRA", IsRequired = true, Longest = LongestSystem,
            },
            new("externalIssueId", "external_issue_id", FieldKind.Text) { Description = "The system's own name of its ticket.", Example = "RECON-1234", IsRequired = true },
            new("status", "status", FieldKind.Choice)
            {
                Description = $"How the ticket stands, in any case. `{Assigned}` needs the `{Assignee}`.",
                Example = "RESOLVED",
                IsRequired = true,
                Choices = [.. MappedField.Statuses],
                Needs = (Assigned, Assignee),
            },
            new("resolutionNotes", "resolution_notes", FieldKind.Text) { Description = "How it was resolved, in free text.", Example = "Matched by hand.", Longest = LongestNotes },
            new(Assignee, "assignee", FieldKind.Text) { Description = "Who works on it.", Example = "ada@example.com" },
            new("dueAt", "due_at", FieldKind.Time) { Description = "When it should be done.", Example = "2024-01-22T10:30:00Z" },
            new("updatedAt", "updated_at", FieldKind.UpdatedAt)
            {
                Description = "When the system changed its ticket. A callback that is older than one already accepted is accepted, too, and marked as superseded. Times are compared to the microsecond: of two within the same one neither is older.",
                Example = "2024-01-20T10:30:00Z",
            },
            new("callbackType", "callback_type", FieldKind.Text) { Description = "What kind of callback, in the system's words.", Example = "status_update" },
            new("payload", "payload", FieldKind.Payload) { Description = "Anything else. Members of the body that have no name here are kept in it.", Example = """{"correlation_id":"req_xyz789"}""" },
        ],
        RoutingKey = ApplyExceptionCallback.RoutingKey,
        MessageType = "urn:message:Webhooks.Contracts:ApplyExceptionCallback",
        Queue = BrokerNames.ExceptionCommandsQueue,
        Binding = "exception.#",
    };
}
