using Webhooks.Contracts;
using Webhooks.Management.Subscriptions;
using Webhooks.Sources;
using Webhooks.Sources.Mapping;
using Webhooks.Subscriptions.Secrets;

namespace Webhooks.Management.Sources;

/// <summary>A source in answers.</summary>
internal sealed record SourceResponse(
    string Id,
    string TenantId,
    string Name,
    string Kind,
    string Path,
    string ExternalSystem,
    AuthenticationResponse Authentication,
    int ToleranceSeconds,
    PlaceResponse? IdempotencyKey,
    PlaceResponse ExceptionId,
    IReadOnlyDictionary<string, FieldResponse?> Fields,
    string Secret,
    DateTimeOffset? PreviousSecretsUntil,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt)
{
    /// <param name="source">The source.</param>
    /// <param name="showSecret">True only in the answer to the call that made it.</param>
    public static SourceResponse Of(Source source, bool showSecret = false)
    {
        var (id, settings) = (PrefixedId.Format(PrefixedId.Source, source.Id), source.Settings);
        return new SourceResponse(
            id,
            source.TenantId,
            source.Name,
            source.Kind,
            $"/v1/sources/{id}",
            settings.ExternalSystem,
            AuthenticationResponse.Of(settings.Authentication),
            settings.ToleranceSeconds ?? 0,
            PlaceResponse.Of(settings.IdempotencyKey),
            PlaceResponse.Of(settings.ExceptionId)!,
            MappedField.All.ToDictionary(field => field.Name, field => FieldResponse.Of(settings.Fields.GetValueOrDefault(field.Name)), StringComparer.Ordinal),
            showSecret ? source.Secrets[0].Text : SecretText.Mask(source.Secrets[0].Text),
            source.Secrets.Max(secret => secret.ValidUntil),
            source.CreatedAt,
            source.UpdatedAt);
    }
}

/// <summary>How a source's webhooks are proved.</summary>
internal sealed record AuthenticationResponse(
    string Method,
    string? Header,
    string? Username,
    string? MessageTemplate,
    string? ValueTemplate,
    string? TimestampHeader,
    string? TimestampTemplate,
    string? IdHeader,
    string? Algorithm,
    string? DigestEncoding,
    string? SecretEncoding,
    string? SecretPrefix,
    string? Separator)
{
    public static AuthenticationResponse Of(Authentication authentication) => new(
        AuthenticationMembers.Methods.Of(authentication.Method)!,
        authentication.Header,
        authentication.Username,
        authentication.MessageTemplate,
        authentication.ValueTemplate,
        authentication.TimestampHeader,
        authentication.TimestampTemplate,
        authentication.IdHeader,
        SignatureWords.Algorithms.Of(authentication.Algorithm),
        SignatureWords.DigestEncodings.Of(authentication.DigestEncoding),
        SignatureWords.SecretEncodings.Of(authentication.SecretEncoding),
        authentication.SecretPrefix,
        AuthenticationMembers.Separators.Of(authentication.Separator));
}

/// <summary>Where in a webhook a value is.</summary>
internal sealed record PlaceResponse(string From, string? Name)
{
    public static PlaceResponse? Of(ValuePlace? place) => place is null ? null : new(PlaceMembers.Kinds.Of(place.From)!, place.Name);
}

/// <summary>How a field is filled.</summary>
internal sealed record FieldResponse(IReadOnlyList<string> Pointers, IReadOnlyDictionary<string, string> Values, string? Otherwise)
{
    public static FieldResponse? Of(FieldMapping? mapping) => mapping is null ? null : new(mapping.Pointers, mapping.Values, mapping.Otherwise);
}
