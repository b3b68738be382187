using Microsoft.Extensions.Options;

namespace Webhooks.Api.Tokens;

/// <summary>The first token: all tenants, all scopes, from configuration.</summary>
internal sealed class AdminTokenOptions
{
    public const string Section = "Webhooks";

    public string? AdminToken { get; set; }
}

/// <summary>Stops a service whose administrator's token is missing or weak, without showing it.</summary>
internal sealed class AdminTokenOptionsValidator : IValidateOptions<AdminTokenOptions>
{
    private const int ShortestLength = 24;
    private const string Advice = "Make one with: echo \"whk_$(openssl rand -hex 24)\".";

    public ValidateOptionsResult Validate(string? name, AdminTokenOptions options) => options.AdminToken switch
    {
        null or "" => ValidateOptionsResult.Fail($"Webhooks:AdminToken is missing. {Advice}"),
        var token when !token.StartsWith(TokenText.Prefix, StringComparison.Ordinal) => ValidateOptionsResult.Fail($"Webhooks:AdminToken must start with {TokenText.Prefix}. {Advice}"),
        { Length: < ShortestLength } => ValidateOptionsResult.Fail($"Webhooks:AdminToken must have at least {ShortestLength} characters. {Advice}"),
        _ => ValidateOptionsResult.Success,
    };
}
