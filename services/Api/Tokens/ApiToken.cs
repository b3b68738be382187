namespace Webhooks.Api.Tokens;

/// <summary>A token as it is stored: never itself, only its hash.</summary>
internal sealed record ApiToken
{
    public required Guid Id { get; init; }

    /// <summary>Null: all tenants.</summary>
    public string? TenantId { get; init; }

    public required string Name { get; init; }

    public required string[] Scopes { get; init; }

    public required byte[] Hash { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>As it is written: up to half a minute late. Null: not yet.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }
}
