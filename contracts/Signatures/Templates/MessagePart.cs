namespace Webhooks.Signatures.Templates;

/// <summary>The closed set of things a signed message is made of.</summary>
internal abstract record MessagePart
{
    public sealed record Literal(byte[] Utf8) : MessagePart;

    public sealed record Body : MessagePart;

    public sealed record Timestamp : MessagePart;

    public sealed record Id : MessagePart;

    public sealed record Header(string Name) : MessagePart;

    public sealed record Pointer(JsonPointer Path) : MessagePart;

    /// <summary>As the template spells it, for messages to people.</summary>
    public string Placeholder => this switch
    {
        Body => "{body}",
        Timestamp => "{timestamp}",
        Id => "{id}",
        Header header => $"{{header:{header.Name}}}",
        Pointer pointer => $"{{pointer:{pointer.Path.Text}}}",
        _ => "literal text",
    };
}

/// <summary>What a message template is filled with. A header's text is signed as it stands in the header.</summary>
internal readonly ref struct MessageValues
{
    public required ReadOnlySpan<byte> Body { get; init; }

    public string? Timestamp { get; init; }

    public string? Id { get; init; }

    /// <summary>A header's value by its name without regard to case, or null.</summary>
    public Func<string, string?>? Headers { get; init; }
}
