using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Webhooks.Subscriptions.Events;

/// <summary>
/// JSON values without white space, in the one spelling that all receivers get: member order, duplicate members and the
/// spelling of numbers (<c>1000.0</c>, <c>1E3</c>, <c>-0</c>) are kept, strings are spelled as <see cref="JsonText"/> says.
/// Never longer than what it was read from.
/// </summary>
internal static class MinifiedJson
{
    /// <summary>Readers here never recurse, so nesting costs them a bit a level; whether it is too deep is judged by the caller.</summary>
    public static readonly JsonReaderOptions AnyDepth = new() { MaxDepth = int.MaxValue };

    /// <summary>Writes the value at which the reader stands, and leaves the reader at its last token.</summary>
    /// <returns>The value's nesting: 0 for a number, 1 for <c>{}</c>, 2 for <c>{"a":[]}</c>.</returns>
    public static int Copy(ref Utf8JsonReader reader, ArrayBufferWriter<byte> output)
    {
        var depth = 0;
        var deepest = 0;
        var afterValue = false;
        do
        {
            if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
            {
                output.Write(reader.ValueSpan);
                depth--;
                afterValue = true;
                continue;
            }

            if (afterValue)
            {
                output.Write(","u8);
            }

            afterValue = CopyToken(ref reader, output);
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                deepest = Math.Max(deepest, ++depth);
            }
        }
        while ((depth > 0 || !afterValue) && reader.Read());

        return deepest;
    }

    /// <summary>Writes a value.</summary>
    /// <inheritdoc cref="Copy(ref Utf8JsonReader, ArrayBufferWriter{byte})" path="/returns"/>
    public static int Copy(JsonElement value, ArrayBufferWriter<byte> output) => Copy(JsonMarshal.GetRawUtf8Value(value), output);

    /// <summary>Writes a well-formed value.</summary>
    /// <inheritdoc cref="Copy(ref Utf8JsonReader, ArrayBufferWriter{byte})" path="/returns"/>
    public static int Copy(ReadOnlySpan<byte> value, ArrayBufferWriter<byte> output)
    {
        var reader = new Utf8JsonReader(value, AnyDepth);
        reader.Read();
        return Copy(ref reader, output);
    }

    /// <summary>True when the token is a whole value, after which a comma may come.</summary>
    private static bool CopyToken(ref Utf8JsonReader reader, ArrayBufferWriter<byte> output)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.PropertyName:
                CopyString(ref reader, output);
                output.Write(":"u8);
                return false;

            case JsonTokenType.String:
                CopyString(ref reader, output);
                return true;

            default:
                output.Write(reader.ValueSpan);
                return reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray);
        }
    }

    private static void CopyString(ref Utf8JsonReader reader, ArrayBufferWriter<byte> output)
    {
        if (reader.ValueIsEscaped)
        {
            output.AppendRespelled(reader.ValueSpan);
            return;
        }

        output.Write("\""u8);
        output.Write(reader.ValueSpan);
        output.Write("\""u8);
    }
}
