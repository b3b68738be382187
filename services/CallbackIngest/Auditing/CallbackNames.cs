using System.Text.Json.Nodes;

namespace Webhooks.CallbackIngest.Auditing;

/// <summary>By what the audit names a call, in every row of it by the same words. What is not known is null.</summary>
/// <param name="SubjectMember">What the subject's id is called: <c>exception_id</c>.</param>
/// <param name="SubjectId">What the call is about.</param>
/// <param name="ExternalSystem">Upper case.</param>
/// <param name="Key">The idempotency key.</param>
/// <param name="CommandId">Of the command that it became or would have become.</param>
/// <param name="SourceId">With its prefix; null: somebody called the API.</param>
internal sealed record CallbackNames(string SubjectMember, string? SubjectId, string? ExternalSystem, string? Key, Guid? CommandId, string? SourceId)
{
    /// <summary>To which a row adds what is its own. Never anything of a body.</summary>
    public JsonObject ToDetails() => new()
    {
        [SubjectMember] = SubjectId,
        ["external_system"] = ExternalSystem,
        ["idempotency_key"] = Key,
        ["command_id"] = CommandId,
        ["source_id"] = SourceId,
    };
}
