using Webhooks.Signatures.Templates;

namespace Webhooks.Subscriptions.Profiles.Overrides;

/// <summary>Which headers a subscription may name, for values of its own or for its signature (section 11 of the design).</summary>
public static class HeaderRules
{
    public const int MostHeaders = 20;
    public const int LongestName = 128;
    public const int LongestValue = 2048;

    /// <summary>Names and values together: receivers' servers refuse requests with much more than this.</summary>
    public const int MostCharacters = 8192;

    // Those of one connection; those that the client writes or that would make it misread the answer; those that HTTP has
    // for bodies; those that have no meaning in a webhook. Cookies: there is no session that they could belong to.
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "HTTP2-Settings",
        "Host", "Date", "Expect", "Accept-Encoding", "Range", "Max-Forwards", "Via", "Cookie", "Cookie2", "Set-Cookie",
        "Allow", "Expires", "Last-Modified",
        "traceparent", "tracestate",
    };

    private static readonly string[] ReservedBeginnings = ["Proxy-", "Content-"];

    private static readonly string[] CredentialWords = ["auth", "token", "secret", "key", "passw", "credential", "session"];

    private static readonly string[] CredentialBeginnings = ["Bearer ", "Basic ", "Digest ", SecretRule.Prefix];

    /// <summary>Null: it may be named. Otherwise a sentence.</summary>
    public static string? FaultOfName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return !HeaderName.IsValid(name) ? "It is not the name of a header: letters, digits and hyphens, such as X-Environment."
            : name.Length > LongestName ? $"It must have at most {LongestName} characters."
            : Reserved.Contains(name) || Array.Exists(ReservedBeginnings, beginning => name.StartsWith(beginning, StringComparison.OrdinalIgnoreCase))
                ? $"The header {name} belongs to the protocol or to the sender and cannot be set."
                : null;
    }

    /// <summary>Null: it may carry a part of a signature. Otherwise a sentence.</summary>
    public static string? FaultOfSignatureName(string name) => FaultOfName(name)
        ?? (string.Equals(name, "User-Agent", StringComparison.OrdinalIgnoreCase) ? "The header User-Agent says who sends and cannot carry a part of a signature." : null);

    /// <summary>Null: a header may have this value. Otherwise a sentence, without the value.</summary>
    public static string? FaultOfValue(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return value.Length is 0 or > LongestValue ? $"It must have 1 to {LongestValue} characters."
            : value.AsSpan().ContainsAnyExceptInRange(' ', '~') ? "It must be printable ASCII, without line breaks."
            : value[0] == ' ' || value[^1] == ' ' ? "It must neither begin nor end with a space, which HTTP would not keep."
            : null;
    }

    /// <summary>Does it look like something that lets its bearer in? Rather one too many: it is only hidden.</summary>
    public static bool IsCredential(string name, string value)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(value);
        return Array.Exists(CredentialWords, word => name.Contains(word, StringComparison.OrdinalIgnoreCase))
            || Array.Exists(CredentialBeginnings, beginning => value.StartsWith(beginning, StringComparison.OrdinalIgnoreCase));
    }
}
