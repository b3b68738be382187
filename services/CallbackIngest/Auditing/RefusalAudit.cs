using System.Diagnostics;
using Webhooks.Api.Access;
using Webhooks.Api.Problems;
using Webhooks.CallbackIngest.Keys;
using Webhooks.CallbackIngest.Routes;
using Webhooks.Subscriptions.Events;

namespace Webhooks.CallbackIngest.Auditing;

/// <summary>
/// Has every call noted that was answered with a problem, whatever found it, if its caller is known: by a token, or as a
/// source. Strangers are only counted; they could fill the audit with what they like.
/// </summary>
internal sealed class RefusalAudit(RequestDelegate next, RefusalTally tally, TimeProvider clock)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var call = new CallInHand();
        context.Features.Set(call);
        try
        {
            await next(context);
        }
        finally
        {
            if (RefusalOf(context, call) is { } refusal)
            {
                tally.Add(refusal);
            }
        }
    }

    private Refusal? RefusalOf(HttpContext context, CallInHand call)
    {
        var caller = context.Features.Get<Caller>();
        if ((call.Actor ?? caller?.Actor) is not { } by || (call.RefusedAs ?? context.Features.Get<Problem>()?.Code) is not { } code)
        {
            return null;
        }

        var (request, route) = (context.Request, ExceptionRoute.Route);
        var names = new CallbackNames(
            route.SubjectMember,
            call.SubjectId ?? (request.RouteValues[route.SubjectName] is string given && EventRules.IsId(given) ? given : null),
            call.ExternalSystem,
            call.Key ?? (call.SourceId is null && IdempotencyKey.Read(request.Headers, []) is { Length: > 0 } key ? key : null),
            call.CommandId,
            call.SourceId);
        var tenantId = call.TenantId ?? caller?.TenantId ?? NamedTenant(request);
        return new Refusal(by, tenantId, code, names, clock.GetUtcNow(), Activity.Current?.TraceId.ToString())
        {
            ForeignTenantId = caller?.TenantId is { } own
                ? request.Query[Caller.TenantMember].FirstOrDefault(named => named is not null && named != own && EventRules.IsTenantId(named))
                : null,
        };
    }

    private static string? NamedTenant(HttpRequest request) =>
        request.Query[Caller.TenantMember] is [{ } named] && EventRules.IsTenantId(named) ? named : null;
}
