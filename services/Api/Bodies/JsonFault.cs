using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Webhooks.Api.Bodies;

/// <summary>
/// Says in a sentence why a body was refused as JSON, and where. The parser's own texts are for programmers and change
/// with its version; it is only asked again how far it gets.
/// </summary>
internal static class JsonFault
{
    /// <param name="body">Valid UTF-8 that was refused.</param>
    /// <param name="deepest">How many levels are allowed.</param>
    public static string Of(ReadOnlySpan<byte> body, int deepest)
    {
        // Not the final block, so that only what stands there is complained of, and a body that just ends is told from it.
        var reader = new Utf8JsonReader(body, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = int.MaxValue }));
        try
        {
            return FaultOfTokens(ref reader, body, deepest) ?? FaultOfEnd(body);
        }
        catch (JsonException fault)
        {
            return $"The body is not JSON: {FaultAt(body, OffsetOf(body, fault))}";
        }
    }

    private static string? FaultOfTokens(ref Utf8JsonReader reader, ReadOnlySpan<byte> body, int deepest)
    {
        var members = new Stack<HashSet<string>>();
        while (reader.Read())
        {
            var offset = (int)reader.TokenStartIndex;
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject or JsonTokenType.StartArray when reader.CurrentDepth >= deepest:
                    return string.Create(CultureInfo.InvariantCulture, $"The body is nested deeper than {deepest} levels {Place(body, offset)}.");
                case JsonTokenType.StartObject:
                    members.Push(new HashSet<string>(StringComparer.Ordinal));
                    break;
                case JsonTokenType.EndObject:
                    members.Pop();
                    break;
                case JsonTokenType.PropertyName when NameOf(ref reader) is var name && (name is null || !members.Peek().Add(name)):
                    return name is null
                        ? $"The name of the member {Place(body, offset)} has half of a surrogate pair."
                        : $"The member {name} is there twice, again {Place(body, offset)}.";
            }
        }

        return null;
    }

    private static string? NameOf(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            // The reader has no other way to say so.
            return null;
        }
    }

    private static string FaultOfEnd(ReadOnlySpan<byte> body) => body.ContainsAnyExcept(" \t\r\n"u8)
        ? string.Create(CultureInfo.InvariantCulture, $"The body is not JSON: it ends too early, in line {1 + body.Count((byte)'\n')}.")
        : "The body is empty.";

    private static string FaultAt(ReadOnlySpan<byte> body, int offset) =>
        Rune.DecodeFromUtf8(body[offset..], out var character, out _) == System.Buffers.OperationStatus.Done && !Rune.IsControl(character)
            ? $"{Place(body, offset)}, '{character}' has no place."
            : $"{Place(body, offset)}, U+{character.Value:X4} has no place.";

    private static string Place(ReadOnlySpan<byte> body, int offset)
    {
        var before = body[..offset];
        return string.Create(
            CultureInfo.InvariantCulture,
            $"in line {1 + before.Count((byte)'\n')}, column {1 + Encoding.UTF8.GetCharCount(before[(before.LastIndexOf((byte)'\n') + 1)..])}");
    }

    private static int OffsetOf(ReadOnlySpan<byte> body, JsonException fault)
    {
        var start = 0;
        for (var line = fault.LineNumber ?? 0; line > 0; line--)
        {
            start += body[start..].IndexOf((byte)'\n') + 1;
        }

        return (int)Math.Min(start + (fault.BytePositionInLine ?? 0), body.Length - 1);
    }
}
