using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;

namespace Webhooks.Subscriptions.Json;

/// <summary>A place in a JSON document (RFC 6901).</summary>
public sealed class JsonPointer
{
    private readonly string[] _steps;

    private JsonPointer(string text, string[] steps) => (Text, _steps) = (text, steps);

    /// <summary>As it was given.</summary>
    public string Text { get; }

    /// <summary>The names on the way, unescaped.</summary>
    public IReadOnlyList<string> Steps => _steps;

    /// <summary>"" is the whole document; anything else starts with a slash, and a tilde is <c>~0</c>, a slash in a name <c>~1</c>.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out JsonPointer? pointer)
    {
        ArgumentNullException.ThrowIfNull(text);
        pointer = null;
        if (text.Length > 0 && text[0] != '/')
        {
            return false;
        }

        for (var tilde = text.IndexOf('~'); tilde >= 0; tilde = text.IndexOf('~', tilde + 1))
        {
            if (tilde + 1 == text.Length || text[tilde + 1] is not ('0' or '1'))
            {
                return false;
            }
        }

        var steps = text.Length == 0 ? [] : text[1..].Split('/')
            .Select(step => step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal));
        pointer = new JsonPointer(text, [.. steps]);
        return true;
    }

    /// <summary>False when the document has nothing there.</summary>
    public bool TryFind(JsonElement document, out JsonElement found)
    {
        found = document;
        foreach (var step in _steps)
        {
            var isThere = found.ValueKind switch
            {
                JsonValueKind.Object => found.TryGetProperty(step, out found),
                JsonValueKind.Array => TryIndex(step, out var index) && index < found.GetArrayLength() && Take(found[index], out found),
                _ => false,
            };
            if (!isThere)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A name as a step of a pointer spells it.</summary>
    public static string Escape(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    // "-", "01" and "+1" are no elements.
    internal static bool TryIndex(string step, out int index) =>
        int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out index) && (step.Length == 1 || step[0] != '0');

    private static bool Take(JsonElement element, out JsonElement found)
    {
        found = element;
        return true;
    }
}
