using System.Buffers;
using System.Buffers.Text;

namespace Webhooks.Signatures;

/// <summary>
/// Digests as text: writes them, and reads them back strictly, so that each digest has one spelling (hex: two cases; base64: with
/// its padding or without).
/// </summary>
internal static class DigestText
{
    /// <summary>Room for the longest text: 64 bytes in hex.</summary>
    public const int MaxLength = 128;

    public static int Length(DigestEncoding encoding, int digestLength) => encoding switch
    {
        DigestEncoding.Hex => digestLength * 2,
        DigestEncoding.Base64 => (digestLength + 2) / 3 * 4,
        _ => Base64Url.GetEncodedLength(digestLength),
    };

    /// <summary>Fills <paramref name="text"/>, which has exactly the length that <see cref="Length"/> tells.</summary>
    public static void Write(DigestEncoding encoding, ReadOnlySpan<byte> digest, Span<char> text)
    {
        _ = encoding switch
        {
            DigestEncoding.Hex => Convert.TryToHexStringLower(digest, text, out _),
            DigestEncoding.Base64 => Convert.TryToBase64Chars(digest, text, out _),
            _ => Base64Url.TryEncodeToChars(digest, text, out _),
        };
    }

    /// <summary>Fills <paramref name="digest"/> entirely, or returns false; the length is checked before anything is decoded.</summary>
    public static bool TryRead(DigestEncoding encoding, ReadOnlySpan<char> text, Span<byte> digest)
    {
        if (encoding is DigestEncoding.Hex)
        {
            return text.Length == Length(encoding, digest.Length) && Convert.FromHexString(text, digest, out _, out _) is OperationStatus.Done;
        }

        // With all of its padding or with none: encoders differ in nothing else, and no second digest comes of it.
        var bare = text.TrimEnd('=');
        if (bare.Length != Base64Url.GetEncodedLength(digest.Length) || (text.Length != bare.Length && text.Length != Length(DigestEncoding.Base64, digest.Length)))
        {
            return false;
        }

        Span<char> padded = stackalloc char[MaxLength];
        padded = padded[..Length(DigestEncoding.Base64, digest.Length)];
        padded.Fill('=');
        bare.CopyTo(padded);
        return encoding is DigestEncoding.Base64
            ? Convert.TryFromBase64Chars(padded, digest, out var written) && written == digest.Length && IsCanonical(encoding, padded, digest)
            : Base64Url.DecodeFromChars(bare, digest, out _, out written) is OperationStatus.Done && written == digest.Length && IsCanonical(encoding, bare, digest);
    }

    // The decoders ignore the unused bits of the last character and white space: other texts for the same digest.
    private static bool IsCanonical(DigestEncoding encoding, ReadOnlySpan<char> text, ReadOnlySpan<byte> digest)
    {
        Span<char> canonical = stackalloc char[MaxLength];
        canonical = canonical[..text.Length];
        Write(encoding, digest, canonical);
        return text.SequenceEqual(canonical);
    }
}
