using Webhooks.Subscriptions.Json;

namespace Webhooks.Subscriptions.Shaping.Transforms;

/// <summary>A piece of a template's string.</summary>
/// <param name="Text">As it stands there; a placeholder's with its braces.</param>
/// <param name="Pointer">Null: plain text.</param>
internal readonly record struct TemplatePart(string Text, JsonPointer? Pointer);

/// <summary>
/// Placeholders in a template's strings: <c>{/json/pointer}</c>. A brace that no slash follows is text, and so is
/// <c>{{/</c>, which stands for <c>{/</c>.
/// </summary>
internal static class TemplateText
{
    private const string Open = "{/";
    private const string Escaped = "{{/";

    /// <exception cref="FormatException">A placeholder is not closed, or is no JSON pointer; the message says which.</exception>
    public static IReadOnlyList<TemplatePart> Split(string text)
    {
        var parts = new List<TemplatePart>();
        var plain = "";
        while (text.Length > 0)
        {
            var open = text.IndexOf(Open, StringComparison.Ordinal);
            if (open < 0)
            {
                plain += text;
                break;
            }

            if (open > 0 && text.AsSpan(open - 1).StartsWith(Escaped, StringComparison.Ordinal))
            {
                plain += text[..(open - 1)] + Open;
                text = text[(open + Open.Length)..];
                continue;
            }

            plain += text[..open];
            AddPlain(parts, ref plain);
            var close = text.IndexOf('}', open);
            var pointer = close < 0 ? throw new FormatException($"The placeholder {text[open..]} has no closing brace.") : text[(open + 1)..close];
            parts.Add(new TemplatePart(text[open..(close + 1)], JsonPointer.TryParse(pointer, out var place)
                ? place
                : throw new FormatException($"{pointer} is not a JSON pointer: after a tilde comes 0 or 1.")));
            text = text[(close + 1)..];
        }

        AddPlain(parts, ref plain);
        return parts;
    }

    private static void AddPlain(List<TemplatePart> parts, ref string plain)
    {
        if (plain.Length > 0)
        {
            parts.Add(new TemplatePart(plain, null));
            plain = "";
        }
    }
}
