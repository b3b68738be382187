using Webhooks.Api.Problems;
using Webhooks.Api.Tokens;

namespace Webhooks.Api.Access;

/// <summary>The scope a route asks for. Every route below /v1 has one; a test walks them all.</summary>
internal sealed record RequiredScope(string Name);

/// <summary>Admits a request to a route that requires a scope: 401 without a good token, 403 without the scope.</summary>
internal sealed class TokenCheck(RequestDelegate next, TokenCache tokens)
{
    private const string Scheme = "Bearer ";

    public Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<RequiredScope>() is { } required)
        {
            var caller = Authenticate(context.Request) ?? throw new RefusedException(Problem.Unauthenticated);
            caller = caller with { Actor = caller.Actor with { RemoteAddress = AddressOf(context.Connection) } };
            // Before anything is refused: who was refused is known then.
            context.Features.Set(caller);
            if (!caller.May(required.Name))
            {
                throw new RefusedException(Problem.Forbidden($"This token does not have the scope {required.Name}."));
            }

            // A tenant named in the query counts everywhere, also where no list would read it.
            foreach (var named in context.Request.Query[Caller.TenantMember])
            {
                caller.RefuseForeign(named);
            }
        }

        return next(context);
    }

    private static string? AddressOf(ConnectionInfo connection) =>
        connection.RemoteIpAddress is { IsIPv4MappedToIPv6: true } mapped ? mapped.MapToIPv4().ToString() : connection.RemoteIpAddress?.ToString();

    private Caller? Authenticate(HttpRequest request) =>
        request.Headers.Authorization is [{ } header] && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? tokens.Find(header[Scheme.Length..].Trim())
            : null;
}

/// <summary>Marks routes with the scope they require.</summary>
internal static class RequiredScopeMark
{
    public static TBuilder Requires<TBuilder>(this TBuilder route, string scope)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new RequiredScope(scope));
}
