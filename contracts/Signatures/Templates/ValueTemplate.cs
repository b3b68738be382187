namespace Webhooks.Signatures.Templates;

/// <summary>The text of a header's value, or of one item of it: what stands before and after the digest, or the timestamp. Equal by its text.</summary>
internal sealed record ValueTemplate
{
    private ValueTemplate(string text, string prefix, string suffix) => (Text, Prefix, Suffix) = (text, prefix, suffix);

    public string Text { get; }

    public string Prefix { get; }

    public string Suffix { get; }

    public static ValueTemplate Parse(string template, string name = "value template", string placeholder = "digest")
    {
        ArgumentNullException.ThrowIfNull(template);

        var pieces = TemplateText.Split(template, name);
        foreach (var piece in pieces)
        {
            if (piece.IsPlaceholder && piece.Text != placeholder)
            {
                throw new ArgumentException($"The {name} '{template}' has the unknown placeholder {{{piece.Text}}}; it knows only {{{placeholder}}}.", nameof(template));
            }
        }

        if (pieces.Count(piece => piece.IsPlaceholder) != 1)
        {
            throw new ArgumentException($"The {name} '{template}' must contain {{{placeholder}}} exactly once.", nameof(template));
        }

        var parts = template.Split($"{{{placeholder}}}");
        return new ValueTemplate(template, parts[0], parts[1]);
    }

    /// <summary>The text of the digest or timestamp within a header value of this form; false when the value has another form.</summary>
    public bool TryGetDigest(ReadOnlySpan<char> value, out ReadOnlySpan<char> digest)
    {
        digest = default;
        if (value.Length < Prefix.Length + Suffix.Length
            || !value.StartsWith(Prefix, StringComparison.Ordinal)
            || !value.EndsWith(Suffix, StringComparison.Ordinal))
        {
            return false;
        }

        digest = value[Prefix.Length..^Suffix.Length];
        return true;
    }
}
