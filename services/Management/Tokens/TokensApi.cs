using Webhooks.Api.Access;
using Webhooks.Api.Bodies;
using Webhooks.Api.Deadlines;
using Webhooks.Api.OpenApi;
using Webhooks.Api.Pages;
using Webhooks.Api.Problems;
using Webhooks.Api.Tokens;
using Webhooks.Contracts;

namespace Webhooks.Management.Tokens;

/// <summary>HTTP for <c>/v1/tokens</c>.</summary>
internal static partial class TokensApi
{
    private const char List = 't';
    public const int LongestName = 200;

    private const int MostScopes = 100;

    public static void MapTokensApi(this IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/tokens", CreateAsync).Requires(Scope.Admin).DescribedBy(TokenDocs.Create);
        app.MapGet("/v1/tokens", ListAsync).Requires(Scope.Admin).DescribedBy(TokenDocs.List);
        app.MapDelete("/v1/tokens/{id}", RevokeAsync).Requires(Scope.Admin).DescribedBy(TokenDocs.Revoke);
    }

    private static async Task<IResult> CreateAsync(
        HttpRequest request, RequestClock clock, Caller caller, TokenStore store, TokenCache cache, TimeProvider time, ILogger<TokenCache> logger, CancellationToken cancellationToken)
    {
        var body = await JsonBody.ReadAsync(request, clock, cancellationToken);
        var wanted = Read(body, caller, time.GetUtcNow());
        body.ThrowIfFaulty();

        var text = TokenText.Generate();
        var token = await store.CreateAsync(wanted with { Hash = TokenText.Hash(text) }, caller.Actor, cancellationToken);
        // Here the new token is good with the answer; elsewhere within a second.
        await cache.ReloadAsync(cancellationToken);
        var answer = TokenResponse.Of(token, text);
        Log.Created(logger, answer.Id, answer.TenantId ?? "all tenants", string.Join(' ', answer.Scopes), caller.Token);
        return TypedResults.Created($"/v1/tokens/{answer.Id}", answer);
    }

    private static async Task<IResult> ListAsync(HttpRequest request, Caller caller, TokenStore store, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request.Query);
        var (tenantId, limit, cursor) = (caller.TenantOfList(query.Text(Caller.TenantMember)), query.Limit(), query.Cursor(List));
        query.ThrowIfFaulty();

        var tokens = await store.ListAsync(tenantId, cursor?.Id, limit + 1, cancellationToken);
        return TypedResults.Ok(Page.Of(tokens, limit, token => TokenResponse.Of(token, text: null), token => Cursor.Of(token.Id), List));
    }

    private static async Task<IResult> RevokeAsync(
        string id, Caller caller, TokenStore store, TokenCache cache, ILogger<TokenCache> logger, CancellationToken cancellationToken)
    {
        if (!PrefixedId.TryParse(PrefixedId.Token, id, out var tokenId) || !await store.RevokeAsync(tokenId, caller.TenantId, caller.Actor, cancellationToken))
        {
            return Problem.NotFound("There is no such token.");
        }

        await cache.ReloadAsync(cancellationToken);
        Log.Revoked(logger, id, caller.Token);
        return TypedResults.NoContent();
    }

    private static ApiToken Read(MemberReader body, Caller caller, DateTimeOffset now)
    {
        // An administrator's explicit null means all tenants; left out, it might be forgotten.
        var tenantId = caller.TenantId is null && body.Names(Caller.TenantMember) && !body.Has(Caller.TenantMember)
            ? null
            : caller.TenantOfNew(body);
        var name = body.Text("name", "", "", text => text.Length <= LongestName
            ? Reading<string>.Of(text)
            : Reading<string>.Refuse(FieldError.OutOfRange, $"It must have at most {LongestName} characters."));
        var scopes = body.Texts("scopes", present: null, MostScopes, scope => Scope.All.Contains(scope)
            ? Reading<string>.Of(scope)
            : Reading<string>.Refuse(FieldError.InvalidValue, $"It must be one of {string.Join(", ", Scope.All.Order(StringComparer.Ordinal))}."));
        if (scopes is not { Count: > 0 } && !body.Errors.Any(error => error.Pointer.StartsWith("/scopes", StringComparison.Ordinal)))
        {
            body.Fault("scopes", FieldError.Required, "Name at least one scope.");
        }

        var expiresAt = body.Text<DateTimeOffset?>("expires_at", null, null, text => !IsoTime.TryParse(text, out var time)
            ? Reading<DateTimeOffset?>.Refuse(FieldError.InvalidFormat, "It must be a time with an offset, such as 2024-01-20T10:30:00Z.")
            : time <= now ? Reading<DateTimeOffset?>.Refuse(FieldError.OutOfRange, "It must lie in the future.") : Reading<DateTimeOffset?>.Of(time));
        body.RefuseOthers();
        return new ApiToken
        {
            Id = Guid.CreateVersion7(now),
            TenantId = tenantId,
            Name = name,
            Scopes = [.. (scopes ?? []).Distinct(StringComparer.Ordinal)],
            Hash = [],
            CreatedAt = now,
            ExpiresAt = expiresAt,
        };
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Token {TokenId} for {Tenant}, scopes {Scopes}, created with {CallerToken}")]
        public static partial void Created(ILogger logger, string tokenId, string tenant, string scopes, string callerToken);

        [LoggerMessage(2, LogLevel.Information, "Token {TokenId} revoked with {CallerToken}")]
        public static partial void Revoked(ILogger logger, string tokenId, string callerToken);
    }
}

/// <summary>A token in answers; the token itself only once, when it is made.</summary>
internal sealed record TokenResponse(
    string Id, string? TenantId, string? Name, IReadOnlyList<string> Scopes, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? LastUsedAt, string? Token)
{
    public static TokenResponse Of(ApiToken token, string? text) => new(
        PrefixedId.Format(PrefixedId.Token, token.Id), token.TenantId, token.Name.Length == 0 ? null : token.Name, token.Scopes, token.CreatedAt, token.ExpiresAt, token.LastUsedAt, text);
}
