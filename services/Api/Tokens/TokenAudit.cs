using System.Text.Json.Nodes;
using Webhooks.Contracts;
using Webhooks.Database.Auditing;

namespace Webhooks.Api.Tokens;

/// <summary>What the audit says of a token: what it may do, never itself.</summary>
internal static class TokenAudit
{
    public static AuditEntry Created(ApiToken token, Actor by) => Entry(token, by, AuditAction.TokenCreated);

    public static AuditEntry Revoked(ApiToken token, Actor by) => Entry(token, by, AuditAction.TokenRevoked);

    private static AuditEntry Entry(ApiToken token, Actor by, string action) => by.Did(
        action,
        token.TenantId,
        PrefixedId.Format(PrefixedId.Token, token.Id),
        new JsonObject
        {
            ["name"] = token.Name,
            ["scopes"] = new JsonArray([.. token.Scopes.Select(scope => JsonValue.Create(scope))]),
            ["expires_at"] = token.ExpiresAt?.UtcDateTime,
        });
}
