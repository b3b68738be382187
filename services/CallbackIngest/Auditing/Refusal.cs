using Webhooks.Database.Auditing;

namespace Webhooks.CallbackIngest.Auditing;

/// <summary>A call of somebody who is known, that was answered with a problem; or, counted, many of one caller.</summary>
/// <param name="By">Who called.</param>
/// <param name="TenantId">Whose call it was; null: it names no tenant.</param>
/// <param name="Code">The problem's.</param>
/// <param name="Names">Of many: null but for the member's name and the source.</param>
/// <param name="At">When it was answered; of many the first.</param>
/// <param name="TraceId">Of many: null.</param>
internal sealed record Refusal(Actor By, string? TenantId, string Code, CallbackNames Names, DateTimeOffset At, string? TraceId)
{
    /// <summary>Of many: how many, and when the last of them was.</summary>
    public (int Count, DateTimeOffset Until)? Many { get; init; }

    /// <summary>The tenant that was named and is not the token's own; null: there was none. Of many: null.</summary>
    public string? ForeignTenantId { get; init; }

    public AuditEntry ToEntry()
    {
        var details = Names.ToDetails();
        details["code"] = Code;
        // Written up to a second later, or much later when the database was away.
        details["at"] = At.UtcDateTime;
        if (ForeignTenantId is not null)
        {
            details["named_tenant_id"] = ForeignTenantId;
        }

        if (Many is var (count, until))
        {
            details["count"] = count;
            details["until"] = until.UtcDateTime;
        }

        return new AuditEntry(By, AuditAction.CallbackRefused, TenantId, Names.SubjectId ?? Names.SourceId ?? By.Id, details, TraceId);
    }
}
