namespace Webhooks.CallbackIngest.Routes;

/// <summary>What a field's value is.</summary>
internal enum FieldKind
{
    /// <summary>Text, trimmed; blank is absent.</summary>
    Text,

    /// <summary>Which external system calls: trimmed, upper case. A part of the key.</summary>
    System,

    /// <summary>One of <see cref="CallbackField.Choices"/>, in any case; anything else is understood and refused: 422.</summary>
    Choice,

    /// <summary>RFC 3339.</summary>
    Time,

    /// <summary>When the external system made the change: RFC 3339. Decides which callbacks are superseded.</summary>
    UpdatedAt,

    /// <summary>An object of the system's own; members that no field has are kept in it.</summary>
    Payload,
}

/// <summary>One member of a callback's body, and the command's member that it becomes.</summary>
/// <param name="Name">In the body.</param>
/// <param name="Member">In the command.</param>
/// <param name="Kind">How it is read.</param>
internal sealed record CallbackField(string Name, string Member, FieldKind Kind)
{
    /// <summary>What it says, in a sentence.</summary>
    public required string Description { get; init; }

    /// <summary>A real one, as it is written in JSON; null: none is shown.</summary>
    public string? Example { get; init; }

    public bool IsRequired { get; init; }

    /// <summary>Characters, of a text.</summary>
    public int Longest { get; init; } = 256;

    /// <summary>As the command spells them.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>The field that must be there when this choice has that value.</summary>
    public (string Choice, string Field)? Needs { get; init; }
}
