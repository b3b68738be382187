using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Webhooks.Signatures.Templates;

/// <summary>
/// RFC 6901 over a JSON text, without building a document. What it finds is taken from the bytes as received:
/// a string's text, anything else as it is spelled (1000.0 stays 1000.0).
/// </summary>
internal sealed class JsonPointer
{
    // Reading is iterative, so depth costs no stack; the bound only keeps hostile bodies cheap.
    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = 512 };

    private readonly Step[] _steps;

    private JsonPointer(string text, Step[] steps) => (Text, _steps) = (text, steps);

    public string Text { get; }

    public static bool TryParse(string text, [NotNullWhen(true)] out JsonPointer? pointer)
    {
        pointer = null;
        if (text.Length > 0 && text[0] is not '/')
        {
            return false;
        }

        string[] tokens = text.Length is 0 ? [] : text[1..].Split('/');
        if (Array.Exists(tokens, HasBadEscape))
        {
            return false;
        }

        pointer = new JsonPointer(text, Array.ConvertAll(tokens, Step.From));
        return true;
    }

    /// <summary>
    /// False when the text is not JSON, has no such value, or has it twice: with two members of one name the
    /// signature could cover one while the application reads the other.
    /// </summary>
    public bool TryResolve(ReadOnlySpan<byte> json, out ReadOnlySpan<byte> value)
    {
        value = default;
        try
        {
            RequireWellFormed(json);
            var current = json;
            foreach (var step in _steps)
            {
                if (!TryDescend(current, step, out current))
                {
                    return false;
                }
            }

            value = Spelling(current);
            return true;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The reader's two ways to say that the bytes are not JSON: bad structure, and bad text inside a string.
            return false;
        }
    }

    private static void RequireWellFormed(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, ReaderOptions);
        while (reader.Read())
        {
        }
    }

    private static bool TryDescend(ReadOnlySpan<byte> json, Step step, out ReadOnlySpan<byte> child)
    {
        child = default;
        var found = 0;
        var reader = new Utf8JsonReader(json, ReaderOptions);
        reader.Read();
        var isObject = reader.TokenType is JsonTokenType.StartObject;
        if (!isObject && reader.TokenType is not JsonTokenType.StartArray)
        {
            return false;
        }

        for (var index = 0; reader.Read() && reader.TokenType is not (JsonTokenType.EndObject or JsonTokenType.EndArray); index++)
        {
            var matches = isObject ? reader.ValueTextEquals(step.Name) : index == step.Index;
            if (isObject)
            {
                reader.Read();
            }

            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (matches)
            {
                found++;
                child = json[start..(int)reader.BytesConsumed];
            }
        }

        return found == 1;
    }

    private static ReadOnlySpan<byte> Spelling(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, ReaderOptions);
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        if (reader.TokenType is not JsonTokenType.String)
        {
            reader.Skip();
            return json[start..(int)reader.BytesConsumed];
        }

        if (!reader.ValueIsEscaped)
        {
            return reader.ValueSpan;
        }

        var text = new byte[reader.ValueSpan.Length];
        return text.AsSpan(0, reader.CopyString(text));
    }

    private static bool HasBadEscape(string token)
    {
        for (var tilde = token.IndexOf('~', StringComparison.Ordinal); tilde >= 0; tilde = token.IndexOf('~', tilde + 1))
        {
            if (tilde + 1 == token.Length || token[tilde + 1] is not ('0' or '1'))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>One step down: a member's name, which in an array is an index (-1 when it cannot be one).</summary>
    private readonly record struct Step(byte[] Name, int Index)
    {
        public static Step From(string token)
        {
            // RFC 6901 section 4: ~1 before ~0, so that ~01 becomes ~1.
            var name = token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            var isIndex = int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                && (token.Length == 1 || token[0] is not '0');
            return new Step(Encoding.UTF8.GetBytes(name), isIndex ? index : -1);
        }
    }
}
