using Webhooks.Signatures;
using Webhooks.Subscriptions.Rendering;

namespace Webhooks.Subscriptions.Profiles.Overrides;

/// <summary>How a subscription's signature differs from its profile's. What is null is the profile's.</summary>
public sealed record SignatureOverride
{
    public SignatureAlgorithm? Algorithm { get; init; }

    /// <summary>The header that carries the signature.</summary>
    public string? Header { get; init; }

    public string? MessageTemplate { get; init; }

    /// <summary>When it is given, the header carries one signature: only the profile's own form is known to be read as a list.</summary>
    public string? ValueTemplate { get; init; }

    public DigestEncoding? DigestEncoding { get; init; }

    public SecretEncoding? SecretEncoding { get; init; }

    /// <summary>Taken off a base64 secret before it is decoded; of utf8 secrets there is none.</summary>
    public string? SecretPrefix { get; init; }

    /// <summary>Takes the place of the profile's, or is added: then it is the attempt's time.</summary>
    public string? TimestampHeader { get; init; }

    /// <summary>Takes the place of the profile's, or is added.</summary>
    public string? IdHeader { get; init; }

    /// <summary>The profile with this signature, and with the headers that it needs.</summary>
    /// <exception cref="ArgumentException">They do not go together; its parameter is the part of the scheme that is wrong.</exception>
    public Profile ApplyTo(Profile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        var own = profile.Signature;
        var encoding = SecretEncoding ?? own.SecretEncoding;
        var scheme = new SignatureScheme(
            Header ?? own.SignatureHeader,
            MessageTemplate ?? own.MessageTemplate,
            ValueTemplate ?? own.ValueTemplate,
            TimestampHeader ?? own.TimestampHeader,
            IdHeader ?? own.IdHeader,
            Algorithm ?? own.Algorithm,
            DigestEncoding ?? own.DigestEncoding,
            encoding,
            SecretPrefix ?? (encoding is Signatures.SecretEncoding.Base64 ? own.SecretPrefix ?? SecretRule.Prefix : null),
            ValueTemplate is null ? own.Multiple : null);

        var headers = With(profile.Headers, own.TimestampHeader, TimestampHeader, "timestampHeader", HeaderValue.AttemptTime, HeaderValue.EventTime);
        headers = With(headers, own.IdHeader, IdHeader, "idHeader", HeaderValue.EventId, HeaderValue.EventIdWithoutDots);
        return headers.FirstOrDefault(header => SameName(header.Name, scheme.SignatureHeader) || SameName(header.Name, scheme.SignatureHeader + RequestSigner.PreviousSuffix)) is { } taken
            ? throw Taken(taken, "signatureHeader")
            : profile with { Headers = headers, Signature = scheme };
    }

    private static IReadOnlyList<ProfileHeader> With(
        IReadOnlyList<ProfileHeader> headers, string? own, string? wanted, string part, HeaderValue value, HeaderValue alsoRight)
    {
        if (wanted is null)
        {
            return headers;
        }

        if (headers.FirstOrDefault(header => SameName(header.Name, wanted)) is { } present)
        {
            return present.Value == value || present.Value == alsoRight
                ? headers
                : throw Taken(present, part);
        }

        return headers.Any(header => SameName(header.Name, own))
            ? [.. headers.Select(header => SameName(header.Name, own) ? header with { Name = wanted } : header)]
            : [.. headers, new ProfileHeader(wanted, value)];
    }

    private static ArgumentException Taken(ProfileHeader header, string part) =>
        new($"Something else is sent in the header '{header.Name}'.", part);

    private static bool SameName(string name, string? other) => string.Equals(name, other, StringComparison.OrdinalIgnoreCase);
}
