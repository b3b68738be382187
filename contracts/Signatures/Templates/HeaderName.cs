using System.Buffers;

namespace Webhooks.Signatures.Templates;

/// <summary>The rule for header names: what RFC 9110 (section 5.1) calls a field name, a token.</summary>
public static class HeaderName
{
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>Is it a token: at least one character, of letters, digits and <c>!#$%&amp;'*+-.^_`|~</c>?</summary>
    /// <param name="name">Without the colon. Null is none.</param>
    public static bool IsValid(string? name) => name is { Length: > 0 } && !name.AsSpan().ContainsAnyExcept(TokenCharacters);
}
