using System.Buffers;

namespace Webhooks.Signatures.Templates;

/// <summary>What RFC 9110 calls a field name: a token.</summary>
internal static class HeaderName
{
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    public static bool IsValid(string? name) => name is { Length: > 0 } && !name.AsSpan().ContainsAnyExcept(TokenCharacters);
}
