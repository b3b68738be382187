namespace Webhooks.Subscriptions.Secrets;

/// <summary>How a secret is shown so that it cannot be used.</summary>
public static class SecretText
{
    private const int ShownEnd = 4;

    private static readonly string MaskStart = new('*', 28);

    /// <summary>Shown in place of what may be shorter than a secret, or guessed from its end: a credential in a header.</summary>
    public static string Hidden => MaskStart;

    /// <summary>28 asterisks and the last four characters, whatever its length.</summary>
    public static string Mask(string secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        return MaskStart + secret[^ShownEnd..];
    }

    /// <summary>Headers as they may be shown.</summary>
    /// <param name="headers">As they are sent.</param>
    /// <param name="confidential">Names, in any case, of those whose values are hidden.</param>
    public static IEnumerable<KeyValuePair<string, string>> HideIn(IEnumerable<KeyValuePair<string, string>> headers, IReadOnlyList<string> confidential)
    {
        ArgumentNullException.ThrowIfNull(headers);
        return confidential is { Count: > 0 }
            ? headers.Select(header => confidential.Contains(header.Key, StringComparer.OrdinalIgnoreCase) ? KeyValuePair.Create(header.Key, Hidden) : header)
            : headers;
    }

    /// <summary>True for what <see cref="Mask"/> writes and for <see cref="Hidden"/>, which somebody may send back with the rest of a subscription.</summary>
    public static bool IsMasked(string secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        return secret.StartsWith(MaskStart, StringComparison.Ordinal);
    }
}
