using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Webhooks.Subscriptions.Events;

/// <summary>
/// JSON strings in the one spelling that all receivers get, which is that of <c>JSON.stringify</c> and of Python's
/// <c>json.dumps(ensure_ascii=False)</c>: escaped are <c>"</c>, <c>\</c>, control characters and half surrogates, nothing else.
/// .NET's own writers escape more, and none of their settings lets everything else through.
/// </summary>
internal static class JsonText
{
    private static readonly SearchValues<char> Escaped = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(code => (char)code), '"', '\\']);

    /// <summary>Writes text with its quotes.</summary>
    public static void Append(this ArrayBufferWriter<byte> output, ReadOnlySpan<char> text)
    {
        output.Write("\""u8);
        while (!text.IsEmpty)
        {
            var plain = text.IndexOfAny(Escaped) is var next and >= 0 ? text[..next] : text;
            var read = output.AppendUtf8(plain);
            text = text[read..];
            if (!text.IsEmpty)
            {
                output.AppendEscape(text[0]);
                text = text[1..];
            }
        }

        output.Write("\""u8);
    }

    /// <summary>Writes a string of another JSON text with its quotes.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="source">What stands between the quotes there; valid JSON, escapes and all.</param>
    public static void AppendRespelled(this ArrayBufferWriter<byte> output, ReadOnlySpan<byte> source)
    {
        output.Write("\""u8);
        while (source.IndexOf((byte)'\\') is var start and >= 0)
        {
            output.Write(source[..start]);
            source = source[start..];
            source = source[(source[1] is (byte)'u' ? output.AppendCodePoint(source) : output.AppendShortEscape(source))..];
        }

        output.Write(source);
        output.Write("\""u8);
    }

    /// <summary>What the string at which the reader stands stands for; false when that is no text.</summary>
    public static bool TryRead(ref Utf8JsonReader reader, [NotNullWhen(true)] out string? text)
    {
        try
        {
            text = reader.GetString()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair is valid JSON. The reader has no other way to say so.
            text = null;
            return false;
        }
    }

    /// <summary>Has kept JSON half of a surrogate pair? Whole pairs stand in it as themselves, so every escaped surrogate is half of one.</summary>
    public static bool HasHalfSurrogate(ReadOnlySpan<byte> kept) => IndexOfHalfSurrogate(kept) >= 0;

    /// <summary>Makes each half of a surrogate pair in kept JSON U+FFFD, which takes as many bytes.</summary>
    public static void ReplaceHalfSurrogates(Span<byte> kept)
    {
        for (var index = IndexOfHalfSurrogate(kept); index >= 0; index = IndexOfHalfSurrogate(kept))
        {
            "\\ufffd"u8.CopyTo(kept[index..]);
            kept = kept[index..];
        }
    }

    private static int IndexOfHalfSurrogate(ReadOnlySpan<byte> kept)
    {
        for (var index = 0; kept[index..].IndexOf((byte)'\\') is var next and >= 0;)
        {
            index += next;
            if (kept[index + 1] is (byte)'u' && kept[index + 2] is (byte)'d' && kept[index + 3] is not (>= (byte)'0' and <= (byte)'7'))
            {
                return index;
            }

            index += kept[index + 1] is (byte)'u' ? 6 : 2;
        }

        return -1;
    }

    /// <summary>Returns how many characters were written: all, or those before a half surrogate.</summary>
    private static int AppendUtf8(this ArrayBufferWriter<byte> output, ReadOnlySpan<char> text)
    {
        var room = output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        Utf8.FromUtf16(text, room, out var read, out var written, replaceInvalidSequences: false);
        output.Advance(written);
        return read;
    }

    /// <summary>Writes what <c>\n</c> or <c>\/</c> stands for; returns the escape's length.</summary>
    private static int AppendShortEscape(this ArrayBufferWriter<byte> output, ReadOnlySpan<byte> escape)
    {
        output.Write(escape[1] is (byte)'/' ? "/"u8 : escape[..2]);
        return 2;
    }

    /// <summary>Writes what <c>\u0041</c>, or a pair of surrogates, stands for; returns the escape's length.</summary>
    private static int AppendCodePoint(this ArrayBufferWriter<byte> output, ReadOnlySpan<byte> escape)
    {
        const int length = 6;
        var unit = CodeUnit(escape);
        if (escape.Length >= 2 * length && escape[length] is (byte)'\\' && escape[length + 1] is (byte)'u'
            && Rune.TryCreate(unit, CodeUnit(escape[length..]), out var pair))
        {
            output.AppendRune(pair);
            return 2 * length;
        }

        if (Rune.TryCreate(unit, out var single) && !Escaped.Contains(unit))
        {
            output.AppendRune(single);
        }
        else
        {
            output.AppendEscape(unit);
        }

        return length;
    }

    private static char CodeUnit(ReadOnlySpan<byte> escape) =>
        (char)ushort.Parse(escape[2..6], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static void AppendRune(this ArrayBufferWriter<byte> output, Rune rune) =>
        output.Advance(rune.EncodeToUtf8(output.GetSpan(4)));

    private static void AppendEscape(this ArrayBufferWriter<byte> output, char unit)
    {
        switch (unit)
        {
            case '"': output.Write("\\\""u8); break;
            case '\\': output.Write("\\\\"u8); break;
            case '\b': output.Write("\\b"u8); break;
            case '\f': output.Write("\\f"u8); break;
            case '\n': output.Write("\\n"u8); break;
            case '\r': output.Write("\\r"u8); break;
            case '\t': output.Write("\\t"u8); break;
            default:
                output.Write("\\u"u8);
                ((int)unit).TryFormat(output.GetSpan(4), out var written, "x4", CultureInfo.InvariantCulture);
                output.Advance(written);
                break;
        }
    }
}
