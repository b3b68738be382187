using System.Diagnostics.CodeAnalysis;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Subscriptions.Matching;

/// <summary>
/// Which event types a subscription wants: one (<c>a.b</c>), all below one at any depth (<c>a.*</c>, not <c>a</c> itself),
/// or all (<c>*</c>) but the system's own, which must be named.
/// </summary>
public sealed record EventTypePattern
{
    private const string All = "*";
    private const string BelowSuffix = ".*";

    private EventTypePattern(string text)
    {
        Text = text;
        Key = text.TrimEnd('*');
    }

    /// <summary>As the tenant wrote it.</summary>
    public string Text { get; }

    /// <summary>
    /// The start that a type must have: <c>a.b</c> for itself, <c>a.</c> for <c>a.*</c>, nothing for <c>*</c>.
    /// No two patterns share one: a type never ends with a dot and is never empty.
    /// </summary>
    internal string Key { get; }

    private bool IsExact => Key.Length == Text.Length;

    public static bool IsValid([NotNullWhen(true)] string? text) => TryParse(text, out _);

    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out EventTypePattern? pattern)
    {
        var type = text is not null && text.EndsWith(BelowSuffix, StringComparison.Ordinal) ? text[..^BelowSuffix.Length] : text;
        pattern = text is All || EventRules.IsType(type) ? new EventTypePattern(text!) : null;
        return pattern is not null;
    }

    /// <exception cref="FormatException">Not a pattern.</exception>
    public static EventTypePattern Parse(string text) =>
        TryParse(text, out var pattern) ? pattern : throw new FormatException($"'{text}' is not an event type, a type followed by '.*', or '*'.");

    public bool Matches(string type)
    {
        ArgumentNullException.ThrowIfNull(type);

        return Text is All ? !EventRules.IsReserved(type)
            : IsExact ? type == Key
            : type.StartsWith(Key, StringComparison.Ordinal);
    }

    /// <summary>Does this pattern match whatever the other one does?</summary>
    internal bool Covers(EventTypePattern other) => Text is All
        ? !EventRules.IsReserved(other.Key)
        : this == other || (!IsExact && other.Key.StartsWith(Key, StringComparison.Ordinal));

    public override string ToString() => Text;
}
