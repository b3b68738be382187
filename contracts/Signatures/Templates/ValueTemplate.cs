namespace Webhooks.Signatures.Templates;

/// <summary>The text of a signature header: what stands before and after the digest. Equal by its text.</summary>
internal sealed record ValueTemplate
{
    private ValueTemplate(string text, string prefix, string suffix) => (Text, Prefix, Suffix) = (text, prefix, suffix);

    public string Text { get; }

    public string Prefix { get; }

    public string Suffix { get; }

    public static ValueTemplate Parse(string template)
    {
        ArgumentNullException.ThrowIfNull(template);

        var pieces = TemplateText.Split(template, "value template");
        foreach (var piece in pieces)
        {
            if (piece is { IsPlaceholder: true, Text: not "digest" })
            {
                throw new ArgumentException($"The value template '{template}' has the unknown placeholder {{{piece.Text}}}; it knows only {{digest}}.", nameof(template));
            }
        }

        if (pieces.Count(piece => piece.IsPlaceholder) != 1)
        {
            throw new ArgumentException($"The value template '{template}' must contain {{digest}} exactly once.", nameof(template));
        }

        var parts = template.Split("{digest}");
        return new ValueTemplate(template, parts[0], parts[1]);
    }

    /// <summary>The digest's text within a header value of this form; false when the value has another form.</summary>
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
