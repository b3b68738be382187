using System.Security.Cryptography;

namespace Webhooks.Subscriptions.Secrets;

/// <summary>What a subscription's secret looks like: made here, given by a tenant, or shown so that it cannot be used.</summary>
public static class SecretText
{
    public const string Prefix = "whsec_";

    private const int GeneratedSize = 32;
    private const int ShownEnd = 4;

    private static readonly string MaskStart = new('*', 28);

    /// <summary>The prefix and 32 random bytes in base64: good for every profile.</summary>
    public static string Generate() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(GeneratedSize));

    /// <summary>28 asterisks and the last four characters, whatever its length.</summary>
    public static string Mask(string secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        return MaskStart + secret[^ShownEnd..];
    }

    /// <summary>True for what <see cref="Mask"/> writes, which somebody may send back with the rest of a subscription.</summary>
    public static bool IsMasked(string secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        return secret.StartsWith(MaskStart, StringComparison.Ordinal);
    }

    /// <summary>May it be a secret at all: 16–128 printable ASCII characters.</summary>
    public static bool IsAcceptable(string secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        return secret.Length is >= 16 and <= 128 && secret.All(character => character is >= ' ' and <= '~');
    }
}
