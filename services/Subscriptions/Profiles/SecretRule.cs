using System.Security.Cryptography;
using Webhooks.Signatures;

namespace Webhooks.Subscriptions.Profiles;

/// <summary>What a signing secret may be, and how a new one is made (section 2 of the contract).</summary>
public static class SecretRule
{
    /// <summary>Tells people, and scanners of leaked secrets, what the text is.</summary>
    public const string Prefix = "whsec_";

    public const int ShortestText = 16;
    public const int LongestText = 128;
    private const int ShortestKey = 24;
    private const int LongestKey = 64;
    private const int GeneratedKey = 32;

    /// <summary>A new secret that every profile accepts.</summary>
    public static string Generate() => Generate(Prefix);

    /// <summary>A new secret that a scheme accepts.</summary>
    public static string Generate(SignatureScheme scheme)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        return Generate(scheme.SecretEncoding is SecretEncoding.Base64 ? scheme.SecretPrefix ?? "" : Prefix);
    }

    /// <summary>May it be a secret at all, whatever the scheme: 16–128 printable ASCII characters.</summary>
    public static bool IsText(string secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        return secret.Length is >= ShortestText and <= LongestText && !secret.AsSpan().ContainsAnyExceptInRange(' ', '~');
    }

    /// <summary>Null when a given secret fits the scheme; otherwise a sentence for people, without the secret.</summary>
    public static string? FaultOf(string secret, SignatureScheme scheme)
    {
        ArgumentNullException.ThrowIfNull(secret);
        ArgumentNullException.ThrowIfNull(scheme);

        if (!IsText(secret))
        {
            return $"It must be {ShortestText}–{LongestText} printable ASCII characters.";
        }

        if (scheme.SecretEncoding is not SecretEncoding.Base64)
        {
            return null;
        }

        // Some decoders skip white space and some do not, so that two sides could sign with different keys.
        return !secret.Contains(' ', StringComparison.Ordinal)
            && scheme.TryDecodeSecret(secret, out var key) && key.Length is >= ShortestKey and <= LongestKey
            ? null
            : $"It must be base64, with or without '{scheme.SecretPrefix}' before it, of {ShortestKey}–{LongestKey} bytes.";
    }

    private static string Generate(string prefix) => prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(GeneratedKey));
}
