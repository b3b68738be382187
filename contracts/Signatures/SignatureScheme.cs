using System.Text;
using Webhooks.Signatures.Templates;

namespace Webhooks.Signatures;

/// <summary>
/// How a webhook is signed and verified, as data: what is hashed, with which key, and how the result is written.
/// Valid once constructed, immutable, equal by value; its templates are parsed once.
/// </summary>
/// <example><code>
/// new SignatureScheme(
///     signatureHeader: "X-Matcher-Signature",
///     messageTemplate: "{timestamp}.{body}",
///     valueTemplate: "sha256={digest}",
///     timestampHeader: "X-Matcher-Timestamp");
/// </code></example>
public sealed record SignatureScheme
{
    /// <summary>Checks the parts against each other; the named arguments are the documented shape of a scheme.</summary>
    /// <param name="signatureHeader">Header that carries the signature.</param>
    /// <param name="messageTemplate">See <see cref="MessageTemplate"/>.</param>
    /// <param name="valueTemplate">See <see cref="ValueTemplate"/>.</param>
    /// <param name="timestampHeader">See <see cref="TimestampHeader"/>.</param>
    /// <param name="idHeader">See <see cref="IdHeader"/>.</param>
    /// <param name="algorithm">How the digest is made.</param>
    /// <param name="digestEncoding">How the digest is written.</param>
    /// <param name="secretEncoding">How a secret's text becomes a key.</param>
    /// <param name="secretPrefix">See <see cref="SecretPrefix"/>.</param>
    /// <param name="multiple">See <see cref="Multiple"/>.</param>
    /// <param name="timestampTemplate">See <see cref="TimestampTemplate"/>.</param>
    /// <exception cref="ArgumentException">The scheme cannot work; the message names the template and what is wrong with it.</exception>
    public SignatureScheme(
        string signatureHeader,
        string messageTemplate,
        string valueTemplate = "{digest}",
        string? timestampHeader = null,
        string? idHeader = null,
        SignatureAlgorithm algorithm = SignatureAlgorithm.HmacSha256,
        DigestEncoding digestEncoding = DigestEncoding.Hex,
        SecretEncoding secretEncoding = SecretEncoding.Utf8,
        string? secretPrefix = null,
        SignatureSeparator? multiple = null,
        string? timestampTemplate = null)
    {
        SignatureHeader = RequireHeaderName(signatureHeader, nameof(signatureHeader));
        TimestampHeader = timestampHeader is null ? null : RequireHeaderName(timestampHeader, nameof(timestampHeader));
        IdHeader = idHeader is null ? null : RequireHeaderName(idHeader, nameof(idHeader));
        Algorithm = RequireDefined(algorithm, nameof(algorithm));
        DigestEncoding = RequireDefined(digestEncoding, nameof(digestEncoding));
        SecretEncoding = RequireDefined(secretEncoding, nameof(secretEncoding));
        SecretPrefix = secretPrefix;
        Multiple = multiple is null ? null : RequireDefined(multiple.Value, nameof(multiple));
        Value = Templates.ValueTemplate.Parse(valueTemplate);
        Message = Templates.MessageTemplate.Parse(messageTemplate);
        TimestampItem = timestampTemplate is null ? null : Templates.ValueTemplate.Parse(timestampTemplate, "timestamp template", "timestamp");

        if (Message.UsesTimestamp && timestampHeader is null)
        {
            throw new ArgumentException($"The message template '{messageTemplate}' uses {{timestamp}}, so the scheme needs a timestamp header.", nameof(timestampHeader));
        }

        if (Message.UsesId && idHeader is null)
        {
            throw new ArgumentException($"The message template '{messageTemplate}' uses {{id}}, so the scheme needs an id header.", nameof(idHeader));
        }

        if (timestampTemplate is not null && (multiple is null || !string.Equals(timestampHeader, signatureHeader, StringComparison.OrdinalIgnoreCase)))
        {
            throw new ArgumentException("A timestamp template is for a timestamp that is listed in the signature's own header: name that header twice, and say how its items are separated.", nameof(timestampTemplate));
        }

        if (Message.Headers.Append(timestampTemplate is null ? timestampHeader : null).Append(idHeader).Contains(signatureHeader, StringComparer.OrdinalIgnoreCase))
        {
            throw new ArgumentException($"The header '{signatureHeader}' carries the signature and cannot be part of what is signed.", nameof(signatureHeader));
        }

        if (multiple is SignatureSeparator.Space && valueTemplate.Contains(' ', StringComparison.Ordinal))
        {
            throw new ArgumentException($"The value template '{valueTemplate}' has a space, which separates the signatures of a list.", nameof(valueTemplate));
        }

        if (multiple is SignatureSeparator.Comma && valueTemplate.Contains(',', StringComparison.Ordinal))
        {
            throw new ArgumentException($"The value template '{valueTemplate}' has a comma, which separates the signatures of a list.", nameof(valueTemplate));
        }

        if (secretPrefix is not null && secretEncoding is SecretEncoding.Utf8)
        {
            throw new ArgumentException("A secret prefix is stripped from base64 secrets only; a utf8 secret is used whole.", nameof(secretPrefix));
        }
    }

    /// <summary>How the digest is made. Default: HMAC-SHA256.</summary>
    public SignatureAlgorithm Algorithm { get; }

    /// <summary>How a secret's text becomes a key. Default: utf8.</summary>
    public SecretEncoding SecretEncoding { get; }

    /// <summary>What is taken off a base64 secret before decoding, if it is there, such as <c>whsec_</c>.</summary>
    public string? SecretPrefix { get; }

    /// <summary>Header that carries the signature, such as <c>X-Matcher-Signature</c>. Header names compare without case.</summary>
    public string SignatureHeader { get; }

    /// <summary>
    /// What is signed: literal text with <c>{body}</c>, <c>{timestamp}</c>, <c>{id}</c>, <c>{header:NAME}</c> and
    /// <c>{pointer:/json/pointer}</c> (RFC 6901, into the JSON body: a string's text, anything else as it is spelled).
    /// At least one of <c>{body}</c> and <c>{pointer:…}</c> must be there. Braces cannot be literal.
    /// </summary>
    public string MessageTemplate => Message.Text;

    /// <summary>How the signature header reads: literal text around exactly one <c>{digest}</c>, such as <c>sha256={digest}</c>.</summary>
    public string ValueTemplate => Value.Text;

    /// <summary>How the digest is written. Default: hex.</summary>
    public DigestEncoding DigestEncoding { get; }

    /// <summary>Header behind <c>{timestamp}</c>, in unix seconds; needed also for a tolerance.</summary>
    public string? TimestampHeader { get; }

    /// <summary>Header behind <c>{id}</c>.</summary>
    public string? IdHeader { get; }

    /// <summary>Set when the header may list several signatures (secret rotation, several versions); null: exactly one.</summary>
    public SignatureSeparator? Multiple { get; }

    /// <summary>
    /// How the timestamp stands in the signature's header, as one item of the list, such as Stripe's <c>t={timestamp}</c>:
    /// then <see cref="TimestampHeader"/> is that header. Null: the timestamp has a header of its own.
    /// </summary>
    public string? TimestampTemplate => TimestampItem?.Text;

    internal char Separator => Multiple is SignatureSeparator.Comma ? ',' : ' ';

    internal ValueTemplate? TimestampItem { get; }

    internal MessageTemplate Message { get; }

    internal ValueTemplate Value { get; }

    /// <summary>Turns a secret's text into the key's bytes.</summary>
    /// <param name="secret">As shown to the tenant.</param>
    /// <param name="key">The key; empty when false is returned.</param>
    /// <returns>False: empty, or not base64 where the scheme wants base64.</returns>
    public bool TryDecodeSecret(string? secret, out byte[] key)
    {
        key = [];
        if (string.IsNullOrEmpty(secret))
        {
            return false;
        }

        key = SecretEncoding is SecretEncoding.Utf8 ? Encoding.UTF8.GetBytes(secret) : FromBase64(secret);
        return key.Length > 0;
    }

    private byte[] FromBase64(string secret)
    {
        var text = SecretPrefix is not null && secret.StartsWith(SecretPrefix, StringComparison.Ordinal)
            ? secret[SecretPrefix.Length..]
            : secret;
        var padded = text.TrimEnd('=');
        padded = padded.PadRight((padded.Length + 3) / 4 * 4, '=');

        var key = new byte[padded.Length / 4 * 3];
        return Convert.TryFromBase64String(padded, key, out var length) ? key[..length] : [];
    }

    private static string RequireHeaderName(string name, string parameter) =>
        HeaderName.IsValid(name) ? name : throw new ArgumentException($"'{name}' is not a header name.", parameter);

    private static T RequireDefined<T>(T value, string parameter)
        where T : struct, Enum =>
        Enum.IsDefined(value) ? value : throw new ArgumentException($"'{value}' is not a {typeof(T).Name}.", parameter);
}
