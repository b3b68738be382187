using Webhooks.CallbackIngest.Auditing;
using Webhooks.CallbackIngest.Keys;
using Webhooks.CallbackIngest.Routes;
using Webhooks.Contracts;
using Webhooks.Database.Auditing;

namespace Webhooks.CallbackIngest.Callbacks;

/// <summary>A callback that was read and may be accepted, with its key.</summary>
internal sealed record IncomingCallback
{
    public required CallbackRoute Route { get; init; }

    public required string TenantId { get; init; }

    /// <summary>What it is about: the exception's id.</summary>
    public required string SubjectId { get; init; }

    /// <summary>The idempotency key as the caller gave it.</summary>
    public required string Key { get; init; }

    public required Guid CommandId { get; init; }

    /// <summary>The place among its source's keys; null: somebody called the API.</summary>
    public SourceKey? Source { get; init; }

    /// <summary>SHA-256 of the content: the same under the same key is a repeat, other content a mistake.</summary>
    public required byte[] Fingerprint { get; init; }

    public required CallbackBody Body { get; init; }

    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>Who called.</summary>
    public required Actor Actor { get; init; }

    /// <summary>The request's span, which the command continues.</summary>
    public required string? TraceParent { get; init; }

    public required string? TraceId { get; init; }

    /// <summary>This request's own: what it reserves it may give back, also when it never heard whether it had it.</summary>
    public Guid Reservation { get; } = Guid.NewGuid();

    public KeyClaim Claim => new(CommandId, KeyScope.Of(this), Source, Body.UpdatedAt is null ? null : TicketScope.Of(this));

    /// <summary>What the audit says of it.</summary>
    /// <param name="action">Of <see cref="AuditAction"/>.</param>
    /// <param name="callbackId">Its own.</param>
    /// <param name="by">Who did it.</param>
    /// <param name="reason">Why, if there is anything to say.</param>
    public AuditEntry Audit(string action, Guid callbackId, Actor by, string? reason = null)
    {
        var source = Source is { SourceId: var id } ? PrefixedId.Format(PrefixedId.Source, id) : null;
        var details = new CallbackNames(Route.SubjectMember, SubjectId, Body.ExternalSystem, Key, CommandId, source).ToDetails();
        foreach (var choice in Route.Fields.Where(field => field.Kind == FieldKind.Choice))
        {
            details[choice.Member] = Body.Texts.GetValueOrDefault(choice.Name);
        }

        if (reason is not null)
        {
            details["reason"] = reason;
        }

        return new AuditEntry(by, action, TenantId, PrefixedId.Format(PrefixedId.Callback, callbackId), details, TraceId);
    }
}
