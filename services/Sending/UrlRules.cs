using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Webhooks.Sending;

/// <summary>
/// Decides whether a URL may be saved as a receiver's, by its form alone. Addresses are not judged here, not even literal
/// ones: every send is judged by the address it really goes to, and ends as <c>address_refused</c> where the tenant sees it.
/// </summary>
public sealed class UrlRules(SendingOptions options)
{
    public const int MaxLength = 2048;

    // The parser would quietly mend these into another URL than the one that was written.
    private static readonly SearchValues<char> Mended = SearchValues.Create(" \t\r\n\\");

    /// <returns>A sentence that says what is wrong, or null.</returns>
    public string? FindFault(string url)
    {
        if (url.Length > MaxLength)
        {
            return $"The URL is longer than {MaxLength} characters.";
        }

        if (url.AsSpan().ContainsAny(Mended) || !TryRead(url, out var uri))
        {
            return "The URL is not an absolute http or https URL.";
        }

        return FindSchemeFault(uri) ?? FindPartFault(url, uri);
    }

    /// <summary>What a send checks before it starts; a URL saved under other settings may no longer pass.</summary>
    internal string? FindFaultBeforeSend(string url, out Uri? uri) =>
        TryRead(url, out uri) ? FindSchemeFault(uri) : "The URL is not an absolute http or https URL.";

    private static bool TryRead(string url, [NotNullWhen(true)] out Uri? uri)
    {
        try
        {
            return Uri.TryCreate(url, UriKind.Absolute, out uri)
                && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp)
                && uri.IdnHost.Length > 0;
        }
        catch (UriFormatException)
        {
            // A host that IDN cannot spell passes TryCreate and throws only when it is asked for.
            uri = null;
            return false;
        }
    }

    private string? FindSchemeFault(Uri uri) =>
        uri.Scheme == Uri.UriSchemeHttps || options.AllowInsecureUrls ? null : "The URL must be https.";

    private static string? FindPartFault(string url, Uri uri)
    {
        // By the text, not by uri.UserInfo and uri.Fragment: those are also empty for "https://@host/#".
        if (url.Contains('#'))
        {
            return "The URL must not have a fragment.";
        }

        var authority = url.AsSpan(url.IndexOf("//", StringComparison.Ordinal) + 2);
        var end = authority.IndexOfAny('/', '?');
        if ((end < 0 ? authority : authority[..end]).Contains('@'))
        {
            return "The URL must not carry a user name or password.";
        }

        return uri.Port == 0 ? "The URL's port must not be 0." : null;
    }
}
