using Webhooks.Api.Access;
using Webhooks.Api.OpenApi;

namespace Webhooks.Management.Tokens;

/// <summary>How /v1/tokens is described.</summary>
internal static class TokenDocs
{
    private static readonly Tag Tag = new("Tokens", "API tokens: who may do what, and for which tenant.");

    private static readonly Schema Name = Schema.Text("What it is for, for people.", "Deployment pipeline", longest: TokensApi.LongestName);

    private static readonly Schema Scopes = Schema.List(
        "What it may do.", Schema.OneOf("A scope.", Scope.SubscriptionsWrite, Scope.All.Order(StringComparer.Ordinal)), fewest: 1);

    private static readonly Schema ExpiresAt = Schema.Time("When it ends; null: it does not end by itself.", "2030-01-01T00:00:00Z");

    private static readonly Schema Token = Schema.Answer(
        "An API token.",
        ("id", Words.TokenId),
        ("tenant_id", Words.TenantId.OrNull().Saying("The tenant whose things it may touch; null: all tenants'.")),
        ("name", Name.OrNull()),
        ("scopes", Scopes),
        ("created_at", Words.CreatedAt),
        ("expires_at", ExpiresAt.OrNull()),
        ("last_used_at", Schema.Time("When it was last used, up to half a minute late; null: not yet.", "2024-01-20T11:00:00Z").OrNull().Showing(null)),
        ("token", Schema.Text("The token itself, only in the answer that makes it; null everywhere else, since only its hash is kept.", null).OrNull())).Named("Token");

    public static Operation Create() => new(Tag, "createToken", "Make a token", "Makes an API token. The answer is the only one that shows it: store it at once.")
    {
        Body = Schema.Request(
            "The token that is wanted.",
            ["scopes"],
            (Caller.TenantMember, Words.TenantId.Saying("The tenant that it is for. A tenant's token implies its own. An administrator's must name one here, or say null to make a token for all tenants.")),
            ("name", Name.OrNull()),
            ("scopes", Scopes),
            ("expires_at", ExpiresAt)),
        Answers = [Answer.Created<TokenResponse>("It is made, and good from now on.", $"/v1/tokens/{Words.TokenId.Example}", Token.Showing("token", "whk_8cJxgq0yq0m7m4l3s9n1Tn2v5w8z1b4e7h0k3n6q9t2"))],
    };

    public static Operation List() => new(Tag, "listTokens", "List the tokens", "Lists the tokens that are not revoked, the expired ones included.")
    {
        Parameters = [Parameter.Tenant, .. Parameter.Page],
        Answers = [Answer.Ok<Api.Pages.Page<TokenResponse>>("A page of tokens.", Words.PageOf(Token))],
    };

    public static Operation Revoke() => new(Tag, "revokeToken", "Revoke a token", "Ends a token: within a second it is refused everywhere, and it cannot be brought back.")
    {
        Parameters = [Parameter.Path("id", Words.TokenId)],
        Answers = [Answer.Empty("It is revoked.")],
    };
}
