using Webhooks.CallbackIngest.Keys;
using Webhooks.Database.Auditing;

namespace Webhooks.CallbackIngest.Auditing;

/// <summary>
/// What is known of a call until it is answered, for the audit of those that are refused. Routes fill it as they go: what
/// they have taken before they wait stays theirs, also when the request's time is up meanwhile.
/// </summary>
internal sealed class CallInHand
{
    /// <summary>The source, once its webhook is verified. Of the API's callers the token says it.</summary>
    public Actor? Actor { get; set; }

    /// <summary>Of a source.</summary>
    public string? TenantId { get; set; }

    /// <summary>With its prefix.</summary>
    public string? SourceId { get; set; }

    public string? SubjectId { get; set; }

    public string? ExternalSystem { get; set; }

    public string? Key { get; set; }

    public Guid? CommandId { get; set; }

    /// <summary>The code of a refusal whose sender is told nothing of it: <see cref="KeyProblem.Reused"/>.</summary>
    public string? RefusedAs { get; set; }
}
