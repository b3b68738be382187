using Webhooks.Api.Bodies;
using Webhooks.Api.Problems;
using Webhooks.Database.Auditing;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Api.Access;

/// <summary>Who asks: the token as the log names it after "with", its tenant (null: all of them) and its scopes.</summary>
internal sealed record Caller(string Token, string? TenantId, IReadOnlySet<string> Scopes)
{
    public const string TenantMember = "tenant_id";

    /// <summary>As the audit names it.</summary>
    public required Actor Actor { get; init; }

    public bool May(string scope) => Scopes.Contains(scope) || Scopes.Contains(Scope.Admin);

    /// <summary>Parameter binding: set by <see cref="TokenCheck"/> before any route runs.</summary>
    public static ValueTask<Caller> BindAsync(HttpContext context) =>
        ValueTask.FromResult(context.Features.Get<Caller>() ?? throw new InvalidOperationException("The route does not require a scope, so nobody was authenticated."));

    /// <summary>Whose list is asked for. Null: everybody's.</summary>
    /// <exception cref="RefusedException">403: another tenant's.</exception>
    public string? TenantOfList(string? named)
    {
        RefuseForeign(named);
        return TenantId ?? named;
    }

    /// <summary>Whose a new thing will be: the token's own tenant; an administrator names one. A fault is collected by <paramref name="body"/>.</summary>
    /// <exception cref="RefusedException">403: another tenant's.</exception>
    public string? TenantOfNew(MemberReader body)
    {
        var named = body.Text(TenantMember, present: null, whenNull: null, ReadTenantId);
        RefuseForeign(named);
        if (TenantId is null && !body.Has(TenantMember))
        {
            body.Fault(TenantMember, FieldError.Required, "This token is no tenant's own: name the tenant.");
        }

        return TenantId ?? named;
    }

    /// <exception cref="RefusedException">403: another tenant's.</exception>
    public void RefuseForeign(string? named)
    {
        if (TenantId is not null && named is not null && named != TenantId)
        {
            throw new RefusedException(Problem.Forbidden("This token belongs to another tenant than the one named."));
        }
    }

    /// <summary>A change may name the tenant that the thing has; it cannot give it to another.</summary>
    /// <exception cref="RefusedException">403: another tenant's.</exception>
    public void RefuseMove(MemberReader body, string present)
    {
        var named = body.Text(TenantMember, present, present, ReadTenantId);
        RefuseForeign(named);
        if (named != present)
        {
            body.Fault(TenantMember, FieldError.ReadOnly, "It stays with its tenant.");
        }
    }

    private static Reading<string?> ReadTenantId(string text) => EventRules.IsTenantId(text)
        ? Reading<string?>.Of(text)
        : Reading<string?>.Refuse(FieldError.InvalidFormat, "It must be 1–64 of A-Z, a-z, 0-9, _ and -.");
}
