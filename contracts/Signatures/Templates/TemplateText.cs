namespace Webhooks.Signatures.Templates;

/// <summary>A piece of a template's text: literal, or what stands between two braces.</summary>
internal readonly record struct TemplatePiece(bool IsPlaceholder, string Text);

/// <summary>Splits a template into literals and placeholders; knows no placeholder by name.</summary>
internal static class TemplateText
{
    public static List<TemplatePiece> Split(string template, string templateName)
    {
        var pieces = new List<TemplatePiece>();
        for (var position = 0; position < template.Length;)
        {
            if (template[position] is '{')
            {
                var end = template.IndexOfAny(['{', '}'], position + 1);
                if (end < 0 || template[end] is '{')
                {
                    throw new ArgumentException($"The {templateName} '{template}' opens a placeholder at {position} and does not close it.", nameof(template));
                }

                pieces.Add(new TemplatePiece(IsPlaceholder: true, template[(position + 1)..end]));
                position = end + 1;
            }
            else
            {
                var end = template.IndexOfAny(['{', '}'], position);
                end = end < 0 ? template.Length : end;
                if (end == position)
                {
                    throw new ArgumentException($"The {templateName} '{template}' closes a placeholder at {position} that was not opened.", nameof(template));
                }

                pieces.Add(new TemplatePiece(IsPlaceholder: false, template[position..end]));
                position = end;
            }
        }

        return pieces;
    }
}
