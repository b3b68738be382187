using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Webhooks.Signatures.Templates;

/// <summary>What is signed, parsed once: feeds a message to a hash part by part, so that the body is never copied. Equal by its text.</summary>
internal sealed class MessageTemplate : IEquatable<MessageTemplate>
{
    private readonly MessagePart[] _parts;

    private MessageTemplate(string text, MessagePart[] parts)
    {
        Text = text;
        _parts = parts;
        Headers = [.. parts.OfType<MessagePart.Header>().Select(header => header.Name)];
    }

    public string Text { get; }

    public bool UsesTimestamp => _parts.Any(part => part is MessagePart.Timestamp);

    public bool UsesId => _parts.Any(part => part is MessagePart.Id);

    /// <summary>Names of the headers used as <c>{header:NAME}</c>.</summary>
    public IReadOnlyList<string> Headers { get; }

    public static MessageTemplate Parse(string template)
    {
        ArgumentNullException.ThrowIfNull(template);

        var parts = TemplateText.Split(template, "message template").Select(piece => ToPart(piece, template)).ToArray();
        return parts.Any(part => part is MessagePart.Body or MessagePart.Pointer)
            ? new MessageTemplate(template, parts)
            : throw new ArgumentException($"The message template '{template}' must contain {{body}} or {{pointer:…}}: a signature that covers nothing of the body proves nothing.", nameof(template));
    }

    /// <summary>Appends the message to <paramref name="hash"/>.</summary>
    /// <returns>The part that has no value, or null when the message is complete.</returns>
    public MessagePart? AppendTo(IncrementalHash hash, in MessageValues values)
    {
        foreach (var part in _parts)
        {
            if (!Append(hash, part, values))
            {
                return part;
            }
        }

        return null;
    }

    public bool Equals(MessageTemplate? other) => other is not null && Text == other.Text;

    public override bool Equals(object? obj) => Equals(obj as MessageTemplate);

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    private static MessagePart ToPart(TemplatePiece piece, string template)
    {
        if (!piece.IsPlaceholder)
        {
            return new MessagePart.Literal(Encoding.UTF8.GetBytes(piece.Text));
        }

        var colon = piece.Text.IndexOf(':', StringComparison.Ordinal);
        var (name, argument) = colon < 0 ? (piece.Text, null) : (piece.Text[..colon], piece.Text[(colon + 1)..]);
        return (name, argument) switch
        {
            ("body", null) => new MessagePart.Body(),
            ("timestamp", null) => new MessagePart.Timestamp(),
            ("id", null) => new MessagePart.Id(),
            ("header", { } header) => new MessagePart.Header(HeaderName.IsValid(header)
                ? header
                : throw new ArgumentException($"The message template '{template}' has {{{piece.Text}}}, which does not name a header; write for example {{header:X-Request-Timestamp}}.", nameof(template))),
            ("pointer", { } path) => new MessagePart.Pointer(JsonPointer.TryParse(path, out var pointer)
                ? pointer
                : throw new ArgumentException($"The message template '{template}' has {{{piece.Text}}}, which is not a JSON pointer; write for example {{pointer:/event/id}}.", nameof(template))),
            _ => throw new ArgumentException($"The message template '{template}' has the unknown placeholder {{{piece.Text}}}; it knows {{body}}, {{timestamp}}, {{id}}, {{header:NAME}} and {{pointer:/json/pointer}}.", nameof(template)),
        };
    }

    private static bool Append(IncrementalHash hash, MessagePart part, in MessageValues values)
    {
        switch (part)
        {
            case MessagePart.Literal literal:
                hash.AppendData(literal.Utf8);
                return true;
            case MessagePart.Body:
                hash.AppendData(values.Body);
                return true;
            case MessagePart.Timestamp:
                return AppendText(hash, values.Timestamp);
            case MessagePart.Id:
                return AppendText(hash, values.Id);
            case MessagePart.Header header:
                return AppendText(hash, values.Headers?.Invoke(header.Name));
            case MessagePart.Pointer pointer when pointer.Path.TryResolve(values.Body, out var value):
                hash.AppendData(value);
                return true;
            default:
                return false;
        }
    }

    private static bool AppendText(IncrementalHash hash, string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        // Ids and timestamps are short; only a header of unusual length pays for a rented buffer.
        var size = Encoding.UTF8.GetMaxByteCount(text.Length);
        var rented = size > 256 ? ArrayPool<byte>.Shared.Rent(size) : null;
        Span<byte> buffer = rented ?? stackalloc byte[256];
        hash.AppendData(buffer[..Encoding.UTF8.GetBytes(text, buffer)]);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return true;
    }
}
