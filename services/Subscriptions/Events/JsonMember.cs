using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Webhooks.Subscriptions.Events;

/// <summary>Finds members of JSON objects by name.</summary>
internal static class JsonMember
{
    private const int LongestEscape = 6;

    /// <summary>
    /// The value of the named member of <paramref name="json"/> itself, as it is spelled there. Of duplicates the last counts, as
    /// for most readers.
    /// </summary>
    /// <param name="json">An object, minified and so of known validity.</param>
    /// <param name="name">Without characters that JSON must escape.</param>
    public static ReadOnlyMemory<byte>? Find(ReadOnlyMemory<byte> json, string name)
    {
        ReadOnlyMemory<byte>? found = null;
        ReadOnlySpan<byte> utf8Name = Encoding.UTF8.GetBytes(name);
        var reader = new Utf8JsonReader(json.Span, MinifiedJson.AnyDepth);
        reader.Read();
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var matches = IsNamed(ref reader, utf8Name);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (matches)
            {
                found = json[start..(int)reader.BytesConsumed];
            }
        }

        return found;
    }

    /// <summary>
    /// Does the name at which the reader stands stand for this one, escapes resolved? The reader's own comparison throws
    /// when a name has half a surrogate pair, which is valid JSON, and a body can have ten thousand of them.
    /// </summary>
    /// <param name="reader">At a member's name.</param>
    /// <param name="name">Without characters that JSON must escape.</param>
    public static bool IsNamed(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        var source = reader.ValueSpan;
        if (!reader.ValueIsEscaped || source.Length > name.Length * LongestEscape)
        {
            return source.SequenceEqual(name);
        }

        var spelled = new ArrayBufferWriter<byte>(source.Length + 2);
        spelled.AppendRespelled(source);
        return spelled.WrittenSpan[1..^1].SequenceEqual(name);
    }
}
