using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Webhooks.Subscriptions.Tests;

/// <summary>A JSON value as somebody may spell it, and the one spelling that receivers get.</summary>
/// <param name="Source">With white space, and any escapes.</param>
/// <param name="Minified">What <c>JSON.stringify</c> would write, had it kept the numbers.</param>
public sealed record SpelledJson(string Source, string Minified)
{
    private const string Spaces = " \t\r\n";

    // Every kind of character that some writer treats in its own way, halves of surrogate pairs among them.
    private static readonly Gen<string> Characters = Gen.OneOf(
        Gen.Choose(0, 0x7f).Select(code => ((char)code).ToString()),
        Gen.Elements("\"", "\\", "/", "<", ">", "&", "'", "+", "`", "\u007f", "\u0080", "é", "\u2028", "\u2029", "\ufeff", "試", "\uffff"),
        Gen.Elements("😀", "\ud83d", "\ude00", "\ud800", "\udbff", "\udc00", "\udfff"));

    private static readonly Gen<string> Numbers = Gen.Elements(
        "0", "-0", "1", "-1", "1000.0", "1E3", "1e+3", "1.50", "-0.0", "12345678901234567890", "0.1e-7", "1E400");

    /// <summary>Whole numbers, and members with names of their own that are no numbers: what no reader or writer spells anew.</summary>
    public static Gen<SpelledJson> Portable { get; } = Values(Gen.Choose(-1_000_000, 1_000_000).Select(number => number.ToString(CultureInfo.InvariantCulture)), isPortable: true);

    /// <summary>With all spellings of numbers, and repeated members.</summary>
    public static Gen<SpelledJson> Any { get; } = Values(Numbers, isPortable: false);

    /// <summary>An object.</summary>
    public static Gen<SpelledJson> AnyObject { get; } = ObjectOf(Any, isPortable: false);

    private static Gen<SpelledJson> Values(Gen<string> numbers, bool isPortable)
    {
        return Gen.Sized(size => OfDepth(Math.Min(size, 4)));

        Gen<SpelledJson> OfDepth(int depth)
        {
            var scalar = Gen.OneOf(
                Gen.Elements("true", "false", "null").Select(Same),
                numbers.Select(Same),
                Strings());
            return depth == 0 ? scalar : Gen.OneOf(scalar, ArrayOf(OfDepth(depth - 1)), ObjectOf(OfDepth(depth - 1), isPortable));
        }
    }

    private static SpelledJson Same(string text) => new(text, text);

    private static Gen<SpelledJson> Strings() =>
        from text in Characters.ListOf().Select(string.Concat)
        from spelling in Gen.Choose(0, int.MaxValue - 1)
        select new SpelledJson(Spell(text, new Random(spelling)), Minify(text));

    private static Gen<SpelledJson> ArrayOf(Gen<SpelledJson> items) =>
        from values in items.ListOf()
        from space in WhiteSpace
        select new SpelledJson(
            $"[{space}{string.Join($"{space},{space}", values.Select(value => value.Source))}{space}]",
            $"[{string.Join(",", values.Select(value => value.Minified))}]");

    private static Gen<SpelledJson> ObjectOf(Gen<SpelledJson> items, bool isPortable) =>
        from values in items.ListOf()
        from names in Strings().ListOf(values.Count)
        from space in WhiteSpace
        let members = values.Zip(names, (value, name) => (Name: name, Value: value)).Select((member, index) => isPortable ? (Name: Numbered(member.Name, index), member.Value) : member)
        select new SpelledJson(
            $"{{{space}{string.Join($"{space},{space}", members.Select(member => $"{member.Name.Source}{space}:{space}{member.Value.Source}"))}{space}}}",
            $"{{{string.Join(",", members.Select(member => $"{member.Name.Minified}:{member.Value.Minified}"))}}}");

    private static SpelledJson Numbered(SpelledJson name, int index) => new($"\"{index}.{name.Source[1..]}", $"\"{index}.{name.Minified[1..]}");

    private static Gen<string> WhiteSpace => Gen.Elements(Spaces.ToCharArray()).ListOf().Select(characters => string.Concat(characters.Take(3)));

    private static string Spell(string text, Random choice)
    {
        var source = new StringBuilder("\"");
        for (var index = 0; index < text.Length; index++)
        {
            var isPair = index + 1 < text.Length && char.IsSurrogatePair(text[index], text[index + 1]);
            var mustEscape = text[index] is '"' or '\\' or < ' ' || (char.IsSurrogate(text[index]) && !isPair);
            if (mustEscape || choice.Next(3) == 0)
            {
                source.Append(Escape(text[index], choice));
                if (isPair)
                {
                    source.Append(Escape(text[++index], choice));
                }
            }
            else
            {
                source.Append(text, index, isPair ? 2 : 1);
                index += isPair ? 1 : 0;
            }
        }

        return source.Append('"').ToString();
    }

    private static string Escape(char character, Random choice)
    {
        const string shortForms = "\"\\/\b\f\n\r\t";
        var position = shortForms.IndexOf(character, StringComparison.Ordinal);
        return position >= 0 && choice.Next(2) == 0
            ? $"\\{"\"\\/bfnrt"[position]}"
            : "\\u" + ((int)character).ToString(choice.Next(2) == 0 ? "x4" : "X4", CultureInfo.InvariantCulture);
    }

    private static string Minify(string text)
    {
        var minified = new StringBuilder("\"");
        for (var index = 0; index < text.Length; index++)
        {
            var isPair = index + 1 < text.Length && char.IsSurrogatePair(text[index], text[index + 1]);
            minified.Append(text[index] switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\b' => "\\b",
                '\f' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                < ' ' => $"\\u{(int)text[index]:x4}",
                _ when isPair => text.Substring(index++, 2),
                >= '\ud800' and <= '\udfff' => $"\\u{(int)text[index]:x4}",
                _ => text[index].ToString(),
            });
        }

        return minified.Append('"').ToString();
    }
}
