using System.Text;

namespace Webhooks.Management.Parking;

/// <summary>A body for people and scripts to read: as text where it is text, else as base64; of a large one the beginning.</summary>
/// <param name="Text">The text, or the base64.</param>
/// <param name="Encoding"><see cref="Utf8"/> or <see cref="Base64"/>.</param>
internal sealed record ShownBody(string Text, string Encoding)
{
    public const string Utf8 = "utf-8";
    public const string Base64 = "base64";

    /// <summary>More of it is in the row, and goes back to the queue, but not into an answer.</summary>
    public const int Most = 256 * 1024;

    // A character's longest beginning without its end.
    private const int LongestPart = 3;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <param name="beginning">The whole body, or its first <see cref="Most"/> bytes.</param>
    /// <param name="isCut">There are more.</param>
    public static ShownBody Of(byte[] beginning, bool isCut)
    {
        // A cut may have gone through a character.
        for (var part = 0; part <= (isCut ? Math.Min(LongestPart, beginning.Length) : 0); part++)
        {
            try
            {
                return new ShownBody(Strict.GetString(beginning, 0, beginning.Length - part), Utf8);
            }
            catch (DecoderFallbackException)
            {
                // Not text up to there.
            }
        }

        return new ShownBody(Convert.ToBase64String(beginning), Base64);
    }
}
